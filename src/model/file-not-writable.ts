/** Makes the error for a file that cannot be written, in plain words. Cause -> PsybergError. */
import { type PsybergError, usageError } from './errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EEXIST: 'its folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'there is no permission',
  EPERM: 'there is no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'there is no space left',
};

/**
 * `file-not-writable`. `reason`: where it is known better than from `cause`; `hint`: for commands that are
 * told a folder.
 */
export function fileNotWritable(
  file: string,
  cause: unknown,
  {
    reason,
    hint = 'name a file in a folder that exists and can be written to',
  }: { readonly reason?: string | undefined; readonly hint?: string } = {},
): PsybergError {
  const { code = '', message } = (cause ?? {}) as NodeJS.ErrnoException;
  const why = reason ?? REASONS[code] ?? message ?? String(cause);
  return usageError('file-not-writable', `${file} cannot be written: ${why}`, {
    hint,
    context: { file },
    cause,
  });
}
