/** Shapes of which the keys of a process file are made. */
import * as z from 'zod';

/** A map with exactly these keys. Its "unknown key" issue carries the known keys as message, for the hint. */
export function strictMap<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : undefined),
  });
}

export const filled = z.string().regex(/\S/, 'must not be empty');
