import { nameOf, type Path } from './make-insert.ts';
import type { Insert, Program, Row, Step } from './programs.ts';

/** A program as short text: how the tables look around, and one line for each step and each insert. */
export function printProgram(program: Program): string {
  const looks = program.looks.map(({ table, look }) => `${table} has "${look}"`);
  const who = program.byRole ? 'by a role without privileges of its own' : 'by the owner of the tables';
  return ['', `${who}, limit ${program.limit}`, ...looks, ...printSteps(program.steps, [])].join('\n  ');
}

function printSteps(steps: readonly Step[], path: Path): string[] {
  return steps.flatMap((step, index) =>
    printStep(step, [...path, index]).map((line) => (path.length > 0 ? `  ${line}` : line)),
  );
}

function printStep(step: Step, path: Path): string[] {
  const at = `${nameOf(path)}:`;
  const caught = 'caught' in step && step.caught ? ', errors caught' : '';
  switch (step.do) {
    case 'group':
      return [
        `${at} ${step.members.length} at once${step.isFlushed ? ', flushed by a select' : ''}${caught}`,
        ...step.members.map((insert, index) => `  ${nameOf([...path, index])}: ${printInsert(insert)}`),
      ];
    case 'references':
      return [
        `${at} an insert, and ${step.children.length} that refer to its row${caught}`,
        ...[step.parent, ...step.children].map(
          (insert, index) => `  ${nameOf([...path, index])}: ${printInsert(insert)}`,
        ),
      ];
    case 'change':
      return [`${at} ${step.bySession} session: ${step.table}, ${step.what}${caught}`];
    case 'set':
      return [`${at} ${step.what}`];
    case 'select':
      return [`${at} select from ${step.table}`];
    case 'transaction':
      return [`${at} transaction that ${step.ends}${caught}`, ...printSteps(step.steps, path)];
  }
}

function printInsert({ table, rows, selection, conflict }: Insert): string {
  const clauses = [
    ...(conflict === 'none' ? [] : [`on conflict: ${conflict}`]),
    ...(selection === 'none' ? [] : [`returning ${selection}`]),
  ];
  return [`${table} ${rows.map(printRow).join(' ')}`, ...clauses].join(', ');
}

function printRow({ label, ...row }: Row): string {
  const given = Object.entries(row).filter(([, value]) => value !== 'left out');
  const cells = given.map(([column, value]) => `${column} ${value}`);
  return `(${[...(label === 'own' ? [] : [`label shared ${label}`]), ...cells].join(', ')})`;
}
