import type { Run } from './run-steps.ts';

/** The program as a Worker. Each request is a run of its own, with a client of its own. */
export const workerOf = (runOn: (run: Run) => Promise<void>) => ({
  async fetch(request: Request): Promise<Response> {
    await runOn(JSON.parse(await request.text()));
    return new Response('done');
  },
});
