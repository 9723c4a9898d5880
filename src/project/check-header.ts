/**
 * Checks rules between the parts of one header. YAML with places -> problems. Reads nothing but its
 * arguments. It looks at each part by itself, so that one wrong part does not hide what is wrong in another.
 */
import { AUDIT_NAMES, auditKind } from '../kinds/audits/index.ts';
import { didYouMean } from './did-you-mean.ts';
import { checkCatchup } from './header-catchup.ts';
import { checkLookups, isWrittenLookup } from './header-lookup.ts';
import { aliasOf, kindOf, writtenPattern } from './header-names.ts';
import { checkSources } from './header-sources.ts';
import { checkWindows } from './header-window.ts';
import type { OwnAudits } from './own-audits.ts';
import { parsePartitionBy, partitionEntries } from './partition-by.ts';
import { isMap, listOf, textOf } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import type { YamlText } from './yaml-text.ts';

/** Reports what the schema cannot: violations of rules between keys of a header. */
export function checkHeader(yaml: YamlText, report: ReportProblem, own: OwnAudits): void {
  if (!isMap(yaml.value)) return;
  checkPattern(yaml.value, yaml, report);
  checkEngine(yaml.value, yaml, report);
  checkSources(yaml.value, yaml, report);
  checkWindows(yaml.value, writtenPattern(yaml.value), { yaml, report });
  checkLookups(yaml.value, writtenPattern(yaml.value), { yaml, report });
  checkTarget(yaml.value, yaml, report);
  checkAudits(yaml.value, { yaml, report, own });
}

/** DuckDB reads the files of a folder, on this machine. */
function checkEngine(header: Readonly<Record<string, unknown>>, yaml: YamlText, report: ReportProblem): void {
  if (header['engine'] !== 'spark') return;
  for (const [index, source] of listOf(header['sources']).entries())
    if (isMap(source) && source['files'] !== undefined)
      report(
        yaml.placeOfKey(['sources', index, 'files']),
        'files are loaded by DuckDB, and this process runs on Spark',
        'land them in a table by a process of their own, and read that table here',
      );
}

function checkPattern(
  header: Readonly<Record<string, unknown>>,
  yaml: YamlText,
  report: ReportProblem,
): void {
  const pattern = writtenPattern(header);
  const kind = kindOf(pattern);
  const id = header['etl_pattern_id'];
  if (header['pattern'] === undefined && id === undefined)
    report(yaml.placeOf([]), "missing key 'pattern'", 'write pattern: stateless, stateful or dimension');
  if (
    header['pattern'] !== undefined &&
    kind !== undefined &&
    (id === 1 || id === 2) &&
    id !== kind.etlPatternId
  ) {
    report(
      yaml.placeOf(['etl_pattern_id']),
      `etl_pattern_id ${id} contradicts pattern: ${pattern}`,
      'remove etl_pattern_id',
    );
  }
  if (kind === undefined) return;
  if (!kind.loadsHours && header['hours'] === 'touched') {
    report(
      yaml.placeOf(['hours']),
      'hours is for a stateful process; a stateless one appends the new rows',
      'remove it',
    );
  }
  checkCatchup(header, kind, { yaml, report });
}

function checkTarget(header: Readonly<Record<string, unknown>>, yaml: YamlText, report: ReportProblem): void {
  const target = header['target'];
  if (!isMap(target)) return;
  const pattern = writtenPattern(header);
  if (kindOf(pattern)?.loadsHours === true && target['event_time'] === undefined) {
    report(
      yaml.placeOfKey(['target']),
      `a ${pattern} process needs event_time in target`,
      'name the column of the target that says which hour a row belongs to',
    );
  }
  const seen = new Set<string>();
  for (const { text, index } of partitionEntries(listOf(target['partition_by']))) {
    const place = yaml.placeOf(['target', 'partition_by', index]);
    const parsed = parsePartitionBy(text);
    if ('message' in parsed) {
      report(place, parsed.message, parsed.hint);
      continue;
    }
    const key = `${parsed.transform}(${parsed.column.toLowerCase()})`;
    if (seen.has(key)) report(place, `the partition ${key} is there twice`, 'keep one of them');
    seen.add(key);
  }
}

function checkAudits(
  header: Readonly<Record<string, unknown>>,
  { yaml, report, own }: { readonly yaml: YamlText; readonly report: ReportProblem; readonly own: OwnAudits },
): void {
  const [aliases, lookups] = [false, true].map((lookup) =>
    listOf(header['sources'])
      .filter((source) => isWrittenLookup(source) === lookup)
      .map(aliasOf)
      .filter((alias) => alias !== undefined),
  ) as [string[], string[]];
  const names = new Set<string>();
  for (const [index, audit] of listOf(header['audits']).entries()) {
    if (!isMap(audit)) continue;
    for (const kind of AUDIT_NAMES) {
      const { sourceKey: key, readsLookups = false } = own.has(kind) ? {} : auditKind(kind);
      const written = key !== undefined && isMap(audit[kind]) ? textOf(audit[kind][key]) : undefined;
      if (key === undefined || written === undefined) continue;
      const isNamed = (alias: string): boolean => alias.toLowerCase() === written.toLowerCase();
      const isLookup = lookups.some(isNamed);
      if (aliases.some(isNamed) || (isLookup && readsLookups)) continue;
      report(
        yaml.placeOf(['audits', index, kind, key]),
        isLookup
          ? `${kind} counts the rows of a session, and ${written} is a lookup: it is read whole`
          : `${kind} names the unknown source '${written}'`,
        isLookup
          ? `name another source: ${aliases.join(', ')}`
          : didYouMean(written, readsLookups ? [...aliases, ...lookups] : aliases, 'aliases of the sources'),
      );
    }
    const name = textOf(audit['name']);
    if (name !== undefined && names.has(name))
      report(
        yaml.placeOf(['audits', index, 'name']),
        `two audits have the name '${name}'`,
        'give each its own name',
      );
    if (name !== undefined) names.add(name);
  }
}
