/**
 * The flights on the terminal: progress on stderr while they load, the result on stdout. Options -> exit
 * code.
 */
import { fileURLToPath } from 'node:url';
import colors from 'picocolors';
import { drawComparison } from '../member-lifecycle/picture.ts';
import { playInFolder } from '../play-in-folder.ts';
import { isEqual } from '../sample-project.ts';
import {
  type FlightsResult,
  findDepartures,
  type LandingHours,
  landingHoursOfMonths,
  loadDepartures,
  type SessionReport,
} from './sessions.ts';

const SOURCE_FOLDER = fileURLToPath(new URL('.', import.meta.url));
const number = (value: number): string => value.toLocaleString('en-US');
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const rowsRead = (runs: SessionReport['runs']): number => sum(runs.map((run) => Number(run.rows_read)));
/** `2001-01-31 23`: a landing hour for people. */
const shortHour = (hour: string): string => hour.slice(0, 13).replace('T', ' ');

export interface FlightsOptions {
  readonly month: string;
  readonly months: number;
  readonly hoursPerSession: number;
  readonly runFolder: string;
}

/**
 * Returns 0 when both tables equal their recompute, else 1. The run folder stays, for the reader to look
 * into.
 */
export async function playFlightsOnTerminal({
  runFolder,
  hoursPerSession,
  ...when
}: FlightsOptions): Promise<number> {
  const departures = findDepartures();
  const landing = landingHoursOfMonths(when);
  const startedAtMs = performance.now();
  const progress = openProgress();
  process.stdout.write(
    `${colors.bold('psyberg')} loads real departures: landing hours ${shortHour(landing.first)} to ${shortHour(landing.last)}, ${hoursPerSession} per session\n`,
  );
  try {
    return await playInFolder(
      { from: SOURCE_FOLDER, runFolder, note: progress.note },
      async (project, check) => {
        const result = await loadDepartures(
          project,
          { departures, landing, hoursPerSession },
          { check, sessionEnds: progress.sessionEnds },
        );
        progress.end();
        process.stdout.write(
          `${drawResult(result, { landing, seconds: (performance.now() - startedAtMs) / 1000 }).join('\n')}\n`,
        );
        return result.comparisons.every(isEqual) ? 0 : 1;
      },
    );
  } finally {
    progress.end();
  }
}

/** The result as lines of text. Pure. */
function drawResult(
  { sessions, comparisons, lateness }: FlightsResult,
  { landing, seconds }: { readonly landing: LandingHours; readonly seconds: number },
): string[] {
  const share = ((100 * lateness.lateRows) / Math.max(1, lateness.rowCount)).toFixed(1);
  const hourly = seconds / ((Date.parse(landing.last) - Date.parse(landing.first)) / 3_600_000 + 1);
  return [
    '',
    colors.bold('Both tables against a full recompute from the Parquet file (EXCEPT ALL, both ways)'),
    ...comparisons.map(drawComparison),
    '',
    colors.bold('Late rows'),
    `${number(lateness.lateRows)} of ${number(lateness.rowCount)} departures (${share} %) landed after their scheduled hour, the latest ${lateness.latestHours} hours`,
    'psyberg missed        0',
    ...[...lateness.missedByLookback].map(
      ([hours, rows]) =>
        `a lookback of ${String(hours).padStart(2)} h would have missed ${number(rows).padStart(9)}`,
    ),
    '',
    `${number(sessions.length)} sessions of ${sessions[0]?.runs.length ?? 0} processes read ${number(sum(sessions.map((session) => rowsRead(session.runs))))} rows; ${seconds.toFixed(1)} s in all, ${(1000 * hourly).toFixed(0)} ms per landing hour`,
  ];
}

interface Progress {
  sessionEnds(session: SessionReport, sessionCount: number): void;
  note(text: string): void;
  /** Clears the line; the second call does nothing. */
  end(): void;
}

/** One line that is written over on a terminal; elsewhere a plain line for about every tenth of the way. */
function openProgress(): Progress {
  const stream = process.stderr;
  const startedAtMs = performance.now();
  let lineIsOpen = false;
  let tenthsShown = 0;
  const end = (): void => {
    if (lineIsOpen) stream.write('\r\u001b[2K');
    lineIsOpen = false;
  };
  return {
    end,
    note(text) {
      end();
      stream.write(`${text}\n`);
    },
    sessionEnds(session, sessionCount) {
      const done = session.number / sessionCount;
      const remaining = ((performance.now() - startedAtMs) / 1000) * (1 / done - 1);
      const line = `session ${session.number} of ${sessionCount}, landed to ${shortHour(session.landed.last)}, ${session.seconds.toFixed(2)} s, ${remaining.toFixed(0)} s left`;
      if (stream.isTTY) {
        const bar = '█'.repeat(Math.round(done * 20)).padEnd(20, '░');
        stream.write(`\r\u001b[2K${bar} ${line}`.slice(0, (stream.columns || 100) + 4));
        lineIsOpen = true;
      } else if (Math.floor(done * 10) > tenthsShown) {
        tenthsShown = Math.floor(done * 10);
        stream.write(`${line}\n`);
      }
    },
  };
}
