import { describe, expect, test } from 'vitest';
import { Question } from '../../../src/facts/question.ts';
import { postgresJsErrors } from '../../../src/postgres-js/errors.ts';

function answer(code: string): Error {
  return Object.assign(new Error('interrupted'), { code, severity: 'ERROR', severity_local: 'ERROR' });
}

/** How often the question is left out before it is asked again. */
function timesLeftOut(question: Question): number {
  let times = 0;
  while (question.isLeftOut()) times += 1;
  return times;
}

describe('a question', () => {
  test.each(['57014', '55P03', '40P01'])('that is interrupted with %s is left out for a while', (code) => {
    const question = new Question();
    expect(question.noteInterruption(answer(code), postgresJsErrors)).toBe(true);
    expect(timesLeftOut(question)).toBe(8);
  });

  test.each([
    answer('42501'),
    answer('25P02'),
    answer('57P01'),
    Object.assign(new Error('of the client'), { code: '57014' }),
  ])('that fails with %o is not', (error) => {
    const question = new Question();
    expect(question.noteInterruption(error, postgresJsErrors)).toBe(false);
    expect(timesLeftOut(question)).toBe(0);
  });

  test('that is interrupted again and again is left out twice as often each time, up to 1,024 times', () => {
    const question = new Question();
    const pauses = Array.from({ length: 10 }, () => {
      question.noteInterruption(answer('57014'), postgresJsErrors);
      return timesLeftOut(question);
    });
    expect(pauses).toEqual([8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024]);
  });

  test('of which several are interrupted at once is left out as for one', () => {
    const question = new Question();
    for (let count = 0; count < 10; count++) question.noteInterruption(answer('57014'), postgresJsErrors);
    expect(timesLeftOut(question)).toBe(8);
  });

  test('that is answered is asked each time, and left out shortly after its next interruption', () => {
    const question = new Question();
    question.noteInterruption(answer('57014'), postgresJsErrors);
    question.noteAnswer();
    expect(timesLeftOut(question)).toBe(0);
    question.noteInterruption(answer('57014'), postgresJsErrors);
    expect(timesLeftOut(question)).toBe(8);
  });
});
