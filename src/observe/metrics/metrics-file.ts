/**
 * Writes a file in Prometheus' text format for the textfile collector of node_exporter. Outcomes -> file. It
 * is written when the command ends, as a whole or not at all. What earlier commands wrote about other
 * processes stays.
 */
import { readFileSync } from 'node:fs';
import { writeAtOnce } from '../../disk/write-at-once.ts';
import type { Listener, SessionNames, TimedPart } from '../listener.ts';
import type { RunEvent } from '../port.ts';
import { type Counted, metricsText, readSeries, samplesOf, seriesOf } from './samples.ts';

export function metricsFile(file: string): Listener {
  const counts = new WeakMap<SessionNames, Counted>();
  const countedIn = (session: SessionNames): Counted => {
    const known = counts.get(session) ?? { statements: 0, catalogRequests: 0 };
    counts.set(session, known);
    return known;
  };
  /** By process: its last session in this command, with the earlier values that it replaces. */
  const told = new Map<string, ReadonlyMap<string, number>>();
  let processes: readonly string[] = [];
  return {
    name: `metrics ${file}`,
    ended({ part, session }: TimedPart) {
      if (session === undefined) return;
      if (part.kind === 'statement') countedIn(session).statements += 1;
      else if (part.kind === 'request') countedIn(session).catalogRequests += 1;
    },
    told(event: RunEvent, span: TimedPart | undefined) {
      if (event.kind !== 'outcome') return;
      const counted =
        span?.session === undefined ? { statements: 0, catalogRequests: 0 } : countedIn(span.session);
      processes = event.project.processes.map((each) => each.processName);
      const samples = samplesOf(event.outcome, event.session, { counted, endedAtMs: Date.now() });
      told.set(event.spec.processName, new Map(samples.map((sample) => [seriesOf(sample), sample.value])));
    },
    async close() {
      if (told.size === 0) return undefined;
      try {
        writeAtOnce(file, metricsText(merged(before(file), told, processes)));
        return undefined;
      } catch (error) {
        return `metrics were not written to ${file}: ${(error as Error).message}`;
      }
    },
  };
}

/** Empty if there is no such file. */
function before(file: string): Map<string, number> {
  try {
    return readSeries(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

/** Series that a failed session, or a single step, does not know: their last value stays. */
const KEPT =
  /^psyberg_(session_success_timestamp_seconds|complete_to_timestamp_seconds|session_stage_seconds)\{/;

function merged(
  earlier: ReadonlyMap<string, number>,
  told: ReadonlyMap<string, ReadonlyMap<string, number>>,
  processes: readonly string[],
): Map<string, number> {
  const series = new Map<string, number>();
  for (const [key, value] of earlier) {
    const name = /process_name="([^"]*)"/.exec(key)?.[1] ?? '';
    if (processes.includes(name) && (!told.has(name) || KEPT.test(key))) series.set(key, value);
  }
  for (const own of told.values()) for (const [key, value] of own) series.set(key, value);
  return series;
}
