/** The hook for ES modules. Before Node 22.15 it runs in a thread of its own. */
import type { LoadFnOutput, LoadHookContext } from 'node:module';
import { addedLine, withLine } from './driver-files.ts';

type Next<TResult> = (url: string, context?: Partial<LoadHookContext>) => TResult;

export async function load(
  url: string,
  context: LoadHookContext,
  next: Next<LoadFnOutput | Promise<LoadFnOutput>>,
): Promise<LoadFnOutput> {
  return handOver(url, await next(url, context));
}

export function loadSync(url: string, context: LoadHookContext, next: Next<LoadFnOutput>): LoadFnOutput {
  return handOver(url, next(url, context));
}

function handOver(url: string, loaded: LoadFnOutput): LoadFnOutput {
  const { source, format } = loaded;
  if (source === undefined || source === null || addedLine(url, format ?? undefined) === undefined)
    return loaded;
  const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString();
  return { ...loaded, source: withLine(text, url, format ?? undefined) };
}
