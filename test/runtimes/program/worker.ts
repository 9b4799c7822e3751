/** The program as a Worker. Each request is a run of its own. */
import { runOnPostgresJs } from './postgres-js.ts';

export default {
  async fetch(request: Request): Promise<Response> {
    await runOnPostgresJs(JSON.parse(await request.text()));
    return new Response('done');
  },
};
