/**
 * Reads the windows of a header's sources, and checks the rules between them and the rest. YAML with places
 * -> problems, and text -> hours.
 */
import { PATTERNS } from '../kinds/patterns/index.ts';
import { durationMs, HOUR_MS } from '../model/hour.ts';
import { type Pattern, type SourceWindow, WINDOW_HOURS_MAX } from '../model/process-spec.ts';
import { isWrittenLookup } from './header-lookup.ts';
import { isMap, listOf, textOf } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import type { YamlText } from './yaml-text.ts';

/** The window as a header writes it. */
export interface HeaderWindow {
  readonly before?: string;
  readonly after?: string;
  readonly key?: string;
}

/** The form as a pattern for JSON schemas. */
export const WINDOW_PATTERN = /^\s*\d{1,6}[hd]\s*$/;

/** `12h`, `30d` in hours; undefined for anything else. */
export function windowHours(text: string): number | undefined {
  const ms = WINDOW_PATTERN.test(text) ? durationMs(text) : undefined;
  return ms === undefined ? undefined : ms / HOUR_MS;
}

/** A window of zero hours counts as none. */
export function readWindow(written: HeaderWindow | undefined): { readonly window?: SourceWindow } {
  const beforeHours = hoursOf(written?.before);
  const afterHours = hoursOf(written?.after);
  if (written === undefined || beforeHours + afterHours === 0) return {};
  return { window: { beforeHours, afterHours, ...(written.key === undefined ? {} : { key: written.key }) } };
}

const hoursOf = (written: unknown): number => (typeof written === 'string' ? (windowHours(written) ?? 0) : 0);

/** Reports windows that are not possible, and windows that mean nothing. */
export function checkWindows(
  header: Readonly<Record<string, unknown>>,
  pattern: Pattern | undefined,
  { yaml, report }: { readonly yaml: YamlText; readonly report: ReportProblem },
): void {
  const sources = listOf(header['sources']);
  const others = sources.filter((source) => !isWrittenLookup(source));
  for (const [index, source] of sources.entries()) {
    const window = isMap(source) ? source['window'] : undefined;
    if (!isMap(window) || isWrittenLookup(source)) continue;
    const table = (isMap(source) ? textOf(source['table']) : undefined) ?? 'this source';
    const place = yaml.placeOfKey(['sources', index, 'window']);
    if (pattern !== undefined && !PATTERNS[pattern].loadsHours)
      report(
        place,
        `a window is for processes of hours, and this one is ${pattern}: it reads the new rows of ${table}, each once`,
        'remove it, or make the process stateful',
      );
    if (window['before'] === undefined && window['after'] === undefined)
      report(
        place,
        `the window of ${table} has neither before nor after`,
        'say how far it reaches, such as before: 30d',
      );
    const hours = hoursOf(window['before']) + hoursOf(window['after']);
    if (hours > WINDOW_HOURS_MAX)
      report(
        place,
        `the window of ${table} reaches over ${hours} hours: every changed row of it would have as many computed anew`,
        `keep it within two years (${WINDOW_HOURS_MAX} hours); what lasts longer is a state: keep it in a dimension`,
      );
    if (window['key'] !== undefined && others.every((each) => isMap(each) && isMap(each['window'])))
      report(
        yaml.placeOfKey(['sources', index, 'window', 'key']),
        'a key is looked for in the sources without a window, and here every source has one',
        'remove the window of the source whose rows become rows of the target, or remove the key',
      );
  }
}
