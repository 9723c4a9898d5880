/**
 * Makes JSON schemas for editors: draft-07, with the meaning of every key. Zod schema and descriptions ->
 * JSON schema. Pure.
 */
import type * as z from 'zod';
import { jsonSchemaOf } from './validate.ts';

/** A JSON schema, as far as this code walks it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly [key: string]: unknown;
}

export interface EditorSchemaParts {
  readonly title: string;
  /**
   * What each key means, by its path; `[]` is an entry of a list. The reference pages have the same texts.
   */
  readonly meanings: Readonly<Record<string, string>>;
  readonly examples: Readonly<Record<string, readonly unknown[]>>;
  /** Paths whose keys mean the same as those of another path. */
  readonly same?: Readonly<Record<string, string>>;
  /** Rules between keys, which zod cannot express: by path, what the value there must also match. */
  readonly rules?: Readonly<Record<string, readonly JsonSchema[]>>;
}

/** The schema of a file, ready to be written. */
export function editorSchema(schema: z.ZodType, parts: EditorSchemaParts): JsonSchema {
  const { $schema, ...json } = jsonSchemaOf(schema);
  return { $schema, title: parts.title, ...explained(json, '', parts) };
}

/** The same schema with a description for every key. `path`: of the value that the schema describes. */
function explained(schema: JsonSchema, path: string, parts: EditorSchemaParts): JsonSchema {
  const { properties, anyOf, items, additionalProperties: values } = schema;
  const own = parts.same?.[path] ?? path;
  return {
    ...schema,
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((form) => explained(form, path, parts)) }),
    ...(items === undefined ? {} : { items: explained(items, `${path}[]`, parts) }),
    ...(typeof values !== 'object' ? {} : { additionalProperties: explained(values, `${own}.*`, parts) }),
    ...(properties === undefined ? {} : { properties: withMeanings(properties, own, parts) }),
    ...(anyOf === undefined && parts.rules?.[own] !== undefined ? { allOf: parts.rules[own] } : {}),
  };
}

function withMeanings(
  properties: Readonly<Record<string, JsonSchema>>,
  path: string,
  parts: EditorSchemaParts,
): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const at = path === '' ? name : `${path}.${name}`;
      const meaning = parts.meanings[at];
      const examples = parts.examples[at];
      const value = meaning === undefined ? undefined : defaultOf(meaning, schema);
      return [
        name,
        {
          ...(meaning === undefined ? {} : { description: withoutLinks(meaning) }),
          ...explained(schema, at, parts),
          ...(value === undefined ? {} : { default: value }),
          ...(examples === undefined ? {} : { examples }),
        },
      ];
    }),
  );
}

/** Links lead to other pages of the documentation. */
const withoutLinks = (text: string): string => text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');

/** The value of `Default: …` in a description; undefined if it is given in words. */
function defaultOf(meaning: string, schema: JsonSchema): unknown {
  const [, quoted, bare] = /Default: (?:`([^`]+)`|(\d+)\b)/.exec(meaning) ?? [];
  const text = quoted ?? bare;
  if (text === undefined) return undefined;
  const types = [schema, ...(schema.anyOf ?? [])].flatMap(({ type }) => type ?? []);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return types.some((type) => type === 'integer' || type === 'number') && /^\d+$/.test(text)
    ? Number(text)
    : text;
}
