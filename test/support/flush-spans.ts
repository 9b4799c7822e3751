import { AsyncLocalStorage } from 'node:async_hooks';
import diagnosticsChannel from 'node:diagnostics_channel';
import { type Context, context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { FlushTrace } from 'batched-drizzle';

const contexts = new AsyncLocalStorageContextManager().enable();

/** OpenTelemetry's own context as a store. */
class ContextStorage extends AsyncLocalStorage<Context> {
  override run<R, A extends unknown[]>(store: Context, callback: (...args: A) => R, ...args: A): R {
    return context.with(store, callback, undefined, ...args);
  }
}

/** Makes a span of each flush, as docs/observability.md shows it. Returns a function that ends that. */
export function traceFlushes(): () => void {
  context.setGlobalContextManager(contexts);
  const { start, asyncEnd } = diagnosticsChannel.tracingChannel<Context, FlushTrace>('batched-drizzle:flush');
  const tracer = trace.getTracer('batched-drizzle');
  const spans = new WeakMap<FlushTrace, Span>();

  const storage = new ContextStorage();
  // What the flush does runs in this context, so that spans of its statements are children of its span.
  start.bindStore(storage, (flush) => {
    const { where, rows, tables } = flush;
    const span = tracer.startSpan(`flush ${where}`, { attributes: { rows, tables: [...tables] } });
    spans.set(flush, span);
    return trace.setSpan(context.active(), span);
  });
  const end = (message: unknown): void => {
    const flush = message as FlushTrace;
    const span = spans.get(flush);
    if (flush.result) span?.setAttribute('round_trips', flush.result.roundTrips);
    if (flush.error) {
      span?.recordException(flush.error);
      span?.setStatus({ code: SpanStatusCode.ERROR, message: flush.error.message });
    }
    span?.end();
  };
  asyncEnd.subscribe(end);
  return () => {
    start.unbindStore(storage);
    asyncEnd.unsubscribe(end);
    context.disable();
  };
}
