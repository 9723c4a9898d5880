/** `--port`. Text -> number. */
import { usageError } from '../model/errors.ts';

/** 0 is any free port. Throws `port-invalid`. */
export function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw usageError('port-invalid', `--port must be a number from 0 to 65535, found '${text}'`, {
    hint: 'leave it out to take any free port',
  });
}
