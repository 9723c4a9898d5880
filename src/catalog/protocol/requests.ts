/** Checks request bodies against their shapes. Parsed JSON -> typed request, or `bad-request`. */
import type { z } from 'zod';
import { badRequest } from '../errors.ts';
import type { REQUESTS } from './request-shapes.ts';

type Requests = typeof REQUESTS;

/**
 * Checks a request body.
 * @throws PsybergError `bad-request` naming the first wrong field.
 */
export async function readRequest<Name extends keyof Requests>(
  name: Name,
  body: unknown,
): Promise<z.infer<Requests[Name]>> {
  const { REQUESTS } = await import('./request-shapes.ts');
  let result: z.ZodSafeParseResult<unknown>;
  try {
    result = REQUESTS[name].safeParse(body);
    if (result.success) return withoutUndefined(result.data) as z.infer<Requests[Name]>;
  } catch (error) {
    if (error instanceof RangeError) throw badRequest('Malformed request: the body is nested too deeply');
    throw error;
  }
  const issue = result.error.issues[0];
  throw badRequest(`Malformed request: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'invalid'}`);
}

/**
 * zod leaves absent optional fields as `undefined`. Metadata must not have these, or an absent field would
 * compare unequal to itself.
 */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, withoutUndefined(item)]],
    ),
  );
}
