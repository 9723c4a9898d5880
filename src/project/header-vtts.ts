/**
 * Defines, checks and reads the key `vtts` of a source: a kind's name, `{ <kind>: <text> }`, or either of
 * them under `from`. Pure.
 */
import * as z from 'zod';
import { strictMap } from '../kinds/shapes.ts';
import { VTTS_NAMES, type VttsName, vttsKind } from '../kinds/vtts/index.ts';
import type { TextPosition, VttsSpec } from '../model/process-spec.ts';
import { didYouMean } from './did-you-mean.ts';
import { isMap } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import { choice, foundType, type NoChoice } from './validate.ts';
import type { Path, YamlText } from './yaml-text.ts';

const WORDS = VTTS_NAMES.filter((name) => vttsKind(name).argument === undefined);
const FORMS = VTTS_NAMES.map((name) => vttsKind(name).form);
const FORMS_TEXT = `${FORMS.slice(0, -1).join(', ')} or ${FORMS.at(-1)}`;

const word = z.enum(WORDS);
/** For kinds that need more than their name. */
const maps = new Map<string, z.ZodType>(
  VTTS_NAMES.flatMap((name) => {
    const { argument } = vttsKind(name);
    return argument === undefined ? [] : [[name, strictMap({ [name]: argument.shape })]];
  }),
);
const plain = [word, ...maps.values()];
const union: z.ZodType = z.union([...plain, strictMap({ from: z.union(plain) })]);

function pick(value: unknown): z.ZodType | NoChoice {
  if (typeof value === 'string') return word;
  if (!isMap(value)) return { message: `vtts must be one of ${FORMS_TEXT}; found ${foundType(value)}` };
  if (Object.hasOwn(value, 'from')) return strictMap({ from: vttsSchema });
  const known = [...maps].find(([name]) => Object.hasOwn(value, name));
  if (known !== undefined) return known[1];
  const [key] = Object.keys(value);
  return {
    message: key === undefined ? `vtts must be one of ${FORMS_TEXT}` : `unknown key '${key}' in vtts`,
    hint: didYouMean(key ?? '', ['from', ...maps.keys()], 'known keys'),
  };
}

export const vttsSchema: z.ZodType = choice(pick, union);

/** Reports what the schema cannot express. */
export function checkVtts(vtts: unknown, path: Path, yaml: YamlText, report: ReportProblem): void {
  if (!isMap(vtts)) return;
  checkVtts(vtts['from'], [...path, 'from'], yaml, report);
  for (const name of maps.keys()) {
    const written = vtts[name];
    const problem = typeof written === 'string' ? vttsKind(name).argument?.problemOf?.(written) : undefined;
    if (problem !== undefined) report(yaml.placeOf([...path, name]), problem.message, problem.hint);
  }
}

/** The value that the schema has accepted. */
export type HeaderVtts = VttsName | { readonly from: HeaderVtts } | Readonly<Record<string, string>>;

/** The provider as data. `path`: of the key in its source. */
export function readVtts(vtts: HeaderVtts, path: Path, placeOf: (path: Path) => TextPosition): VttsSpec {
  if (typeof vtts === 'string') return { kind: vtts };
  const [[name, written]] = Object.entries(vtts) as [[string, HeaderVtts]];
  if (name === 'from') return readVtts(written, [...path, name], placeOf);
  const { argument } = vttsKind(name);
  return { kind: name, ...argument?.read(written as string, placeOf([...path, name])) };
}
