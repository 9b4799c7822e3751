/** A class as NestJS has them: its dependency is named by the type of a parameter, which is read at run time. */
import 'reflect-metadata';
import { BatchedDatabase } from 'batched-drizzle';
import { pgTable, serial, varchar } from 'drizzle-orm/pg-core';

export const users = pgTable('users', { id: serial('id').primaryKey(), name: varchar('name').unique() });

const Injectable = (): ClassDecorator => () => {};

@Injectable()
export class UsersService {
  constructor(private readonly db: BatchedDatabase) {}

  signUp(names: readonly string[]) {
    return this.db.transaction((tx) =>
      Promise.all(names.map((name) => tx.insert(users).values({ name }).returning())),
    );
  }
}

/** What a container knows, by class. */
export function container(db: BatchedDatabase): ReadonlyMap<unknown, unknown> {
  return new Map([[BatchedDatabase, db]]);
}

/** Makes a service of what is known by its type, as a container does. */
export function inject<Service>(
  service: new (...dependencies: never[]) => Service,
  known: ReadonlyMap<unknown, unknown>,
): Service {
  const types: unknown[] = Reflect.getMetadata('design:paramtypes', service);
  return new service(...(types.map((type) => known.get(type)) as never[]));
}
