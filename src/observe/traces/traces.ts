/**
 * Sends spans of a command to OpenTelemetry: sessions, their stages, steps, statements and catalog requests.
 * Timed parts -> spans -> exporter. The standard environment variables choose the exporter; the SDK sends
 * spans beside the work.
 */
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Listener, TimedPart } from '../listener.ts';
import type { ObserverContext } from '../request.ts';
import { attributesOf, attributesOfEnd, nameOfPart } from './attributes.ts';

/** Throws an error in words if the settings are wrong. */
export async function openTraces({ environment }: ObserverContext): Promise<Listener> {
  const failures: string[] = [];
  const exporter = noting(exporterOf(environment), failures);
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'psyberg' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const spans = spansOf(provider.getTracer('psyberg'), callersContext(environment['TRACEPARENT']));
  return {
    name: 'traces',
    began: spans.began,
    ended: spans.ended,
    async close(signal) {
      spans.close();
      const sent = provider.forceFlush().catch((error: unknown) => failures.push(String(error)));
      const late = new Promise<string>((done) =>
        signal.addEventListener('abort', () => done('no answer in time')),
      );
      const inTime = await Promise.race([sent.then(() => undefined), late]);
      const why = failures[0] ?? inTime;
      return why === undefined ? undefined : `traces: not all spans were delivered: ${why}`;
    },
  };
}

function exporterOf(environment: NodeJS.ProcessEnv): SpanExporter {
  const name = environment['OTEL_TRACES_EXPORTER'] || 'otlp';
  if (name === 'console') return ON_STDERR;
  if (name !== 'otlp')
    throw new Error(`traces are not sent: OTEL_TRACES_EXPORTER is otlp, console or none, found '${name}'`);
  const protocol =
    environment['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ||
    environment['OTEL_EXPORTER_OTLP_PROTOCOL'] ||
    'http/protobuf';
  if (protocol !== 'http/protobuf')
    throw new Error(
      `traces are not sent: OTEL_EXPORTER_OTLP_PROTOCOL is http/protobuf (port 4318 of a collector), found '${protocol}'`,
    );
  return new OTLPTraceExporter();
}

/**
 * Prints spans to stderr: the SDK's own exporter would use stdout, which is for the answer of the command.
 */
const ON_STDERR: SpanExporter = {
  export(batch, done) {
    for (const { name, duration, attributes, status } of batch)
      process.stderr.write(
        `${JSON.stringify({ name, seconds: duration[0] + duration[1] / 1e9, attributes, status })}\n`,
      );
    done({ code: 0 });
  },
  shutdown: async () => undefined,
};

/** Notes failures to send, about which the SDK tells nobody. */
const noting = (exporter: SpanExporter, failures: string[]): SpanExporter => ({
  export(batch, done) {
    exporter.export(batch, (result) => {
      if (result.error !== undefined) failures.push(result.error.message);
      done(result);
    });
  },
  shutdown: () => exporter.shutdown(),
});

/** Reads W3C Trace Context, as tools that start commands pass it on. */
function callersContext(traceparent = ''): Context {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const caller = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, caller);
}

interface Spans extends Required<Pick<Listener, 'began' | 'ended'>> {
  close(): void;
}

/** Puts one span around everything that the command does. */
function spansOf(tracer: Tracer, caller: Context): Spans {
  const open = new WeakMap<TimedPart, Span>();
  let command: Span | undefined;
  const contextOf = (part: TimedPart): Context => {
    command ??= tracer.startSpan('psyberg', { startTime: part.startedAtMs }, caller);
    const parent = part.parent === undefined ? undefined : open.get(part.parent);
    return trace.setSpan(caller, parent ?? command);
  };
  return {
    began(timed) {
      const { part, startedAtMs: startTime } = timed;
      const kind = part.kind === 'request' && part.side === 'served' ? SpanKind.SERVER : SpanKind.INTERNAL;
      const options = { startTime, kind, attributes: attributesOf(part) };
      open.set(timed, tracer.startSpan(nameOfPart(part), options, contextOf(timed)));
    },
    ended(timed) {
      const span = open.get(timed);
      if (span === undefined) return;
      span.setAttributes(attributesOfEnd(timed));
      if (timed.error !== undefined)
        span.setStatus({ code: SpanStatusCode.ERROR, message: (timed.error as Error).message });
      span.end(timed.endedAtMs);
    },
    close: () => command?.end(),
  };
}
