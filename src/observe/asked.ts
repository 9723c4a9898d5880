/**
 * Decides whether anybody wants to know what runs do, and who. Options, environment -> Observer. Looking
 * costs nothing measurable; listeners are imported only when the first session begins.
 */
import { type Observer, type Part, type RunEvent, UNOBSERVED } from './port.ts';
import { lineageFile, type ObserveOptions, type ObserverContext } from './request.ts';

export function askedObserver(options: ObserveOptions, around: ObserverContext): Observer {
  const asked = {
    ...options,
    traces: asksForTraces(around.environment),
    lineage: asksForLineage(around),
  };
  const { metrics, listeners = [], traces, lineage } = asked;
  if (metrics === undefined && listeners.length === 0 && !traces && !lineage) return UNOBSERVED;
  return openedBySessions(async () => {
    const { openObserver } = await import('./open-observer.ts');
    return openObserver(asked, around);
  });
}

/** Opens listeners with the first session, so that commands without sessions load nothing. */
function openedBySessions(open: () => Promise<Observer>): Observer {
  let opening: Promise<Observer> | undefined;
  let opened: Observer | undefined;
  return {
    listens: true,
    async during(part: Part, work, factsOf) {
      if (opened === undefined) {
        if (part.kind !== 'process' && opening === undefined) return work();
        opening ??= open();
        opened = await opening;
      }
      return opened.during(part, work, factsOf);
    },
    tell: (told: RunEvent) => opened?.tell(told),
    close: async () => (await opening)?.close(),
  };
}

/**
 * Only if a variable names an exporter or a collector: OpenTelemetry's own SDKs default to a collector on
 * this machine, which is rarely there.
 */
function asksForTraces(environment: NodeJS.ProcessEnv): boolean {
  const set = (name: string): string => (environment[name] ?? '').trim();
  if (set('OTEL_SDK_DISABLED').toLowerCase() === 'true') return false;
  const exporter = set('OTEL_TRACES_EXPORTER');
  if (exporter !== '') return exporter !== 'none';
  return set('OTEL_EXPORTER_OTLP_ENDPOINT') !== '' || set('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== '';
}

function asksForLineage({ environment, root }: ObserverContext): boolean {
  if ((environment['OPENLINEAGE_DISABLED'] ?? '').trim().toLowerCase() === 'true') return false;
  const isNamed = Object.entries(environment).some(
    ([name, value]) =>
      (value ?? '') !== '' &&
      (name === 'OPENLINEAGE_URL' ||
        name === 'OPENLINEAGE_CONFIG' ||
        name.startsWith('OPENLINEAGE__TRANSPORT')),
  );
  return isNamed || lineageFile({ environment, root }) !== undefined;
}
