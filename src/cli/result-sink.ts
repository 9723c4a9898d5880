/**
 * Where the text of results goes. Text in parts -> a descriptor, a stream, a file that appears whole, or
 * nothing before all of it is there.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PsybergError } from '../model/errors.ts';
import { fileNotWritable } from '../model/file-not-writable.ts';
import { outputNotWritable } from './output.ts';

export interface ResultSink {
  /** False once nobody reads it any more: what follows need not be made. */
  write(text: string): Promise<boolean>;
  /** All is written. */
  finish(): Promise<void>;
  /** What was begun is not to be seen; what a descriptor has passed on cannot be taken back. */
  abandon(): Promise<void>;
}

const BUFFER_LENGTH = 65_536;
const writeSome = promisify(fs.write);

/**
 * Writes to an open descriptor. Other than by Node's own streams the event loop goes on while a pipe is full,
 * so that Ctrl-C is heard.
 */
export function descriptorSink(descriptor: number): ResultSink {
  let buffered = '';
  let isRead = true;
  const flush = async (): Promise<void> => {
    const text = buffered;
    buffered = '';
    if (isRead && text !== '') isRead = await writeWhole(descriptor, Buffer.from(text, 'utf8'));
  };
  return {
    async write(text) {
      buffered += text;
      if (buffered.length >= BUFFER_LENGTH) await flush();
      return isRead;
    },
    finish: flush,
    abandon: flush,
  };
}

/** False when the reader of the pipe has gone. */
async function writeWhole(descriptor: number, bytes: Buffer): Promise<boolean> {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray((await writeSome(descriptor, rest)).bytesWritten);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      // A pipe whose reader is slow: wait a moment and go on where it stopped.
      if (code !== 'EAGAIN')
        throw descriptor === 1 ? outputNotWritable(error as NodeJS.ErrnoException) : error;
      await pause(5);
    }
  }
  return true;
}

/** Writes to a stream that others write to as well, such as a prompt's terminal. */
export const streamSink = (stream: NodeJS.WritableStream): ResultSink => ({
  write: (text) =>
    new Promise((done) => {
      if (text === '') done(true);
      else stream.write(text, (error) => done(error == null));
    }),
  finish: async () => {},
  abandon: async () => {},
});

/**
 * A file of that name once all is written: until then there is the old one, or none.
 * @throws PsybergError `file-not-writable`.
 */
export function fileSink(file: string): ResultSink {
  const place = placeOf(file);
  const descriptor = trying(file, () => fs.openSync(place.written, 'w'));
  const sink = descriptorSink(descriptor);
  const failed = (error: unknown): never => {
    throw fileNotWritable(file, error);
  };
  return {
    write: (text) => sink.write(text).catch(failed),
    async finish() {
      await sink.finish().catch(failed);
      trying(file, () => fs.closeSync(descriptor));
      place.finish();
    },
    async abandon() {
      fs.closeSync(descriptor);
      place.abandon();
    },
  };
}

export interface OutputPlace {
  /** The path to write to. */
  readonly written: string;
  /** Gives the file its name. */
  finish(): void;
  abandon(): void;
}

/**
 * A temporary name beside a file. What is no file, such as `/dev/null` or a pipe, is written to as it is.
 * @throws PsybergError `file-not-writable`.
 */
export function placeOf(file: string): OutputPlace {
  const found = trying(file, () => fs.statSync(file, { throwIfNoEntry: false }));
  if (found?.isDirectory() === true) throw fileNotWritable(file, undefined, { reason: 'it is a folder' });
  if (found !== undefined && !found.isFile()) return { written: file, finish: () => {}, abandon: () => {} };
  // For a link, the file that it leads to is written anew, and not the link.
  const target = found === undefined ? path.resolve(file) : fs.realpathSync(file);
  trying(file, () => fs.accessSync(path.dirname(target), fs.constants.W_OK));
  const written = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
  return {
    written,
    finish: () => trying(file, () => fs.renameSync(written, target)),
    abandon: () => fs.rmSync(written, { force: true }),
  };
}

/** More than this is kept in a temporary file. */
const MEMORY_LENGTH = 8 * 1024 * 1024;

/**
 * Passes nothing on before all of it is there: a document that breaks off where a statement fails would be
 * none, and the error could not stand in its place.
 */
export function heldSink(target: ResultSink): ResultSink {
  let held = '';
  let file: { readonly path: string; readonly sink: ResultSink; readonly descriptor: number } | undefined;
  const discard = (): void => {
    if (file === undefined) return;
    fs.closeSync(file.descriptor);
    fs.rmSync(file.path, { force: true });
    file = undefined;
  };
  return {
    async write(text) {
      held += text;
      if (held.length < MEMORY_LENGTH) return true;
      file ??= temporaryFile();
      await file.sink.write(held);
      held = '';
      return true;
    },
    async finish() {
      if (file !== undefined) {
        await file.sink.finish();
        for await (const part of fs.createReadStream(file.path, { encoding: 'utf8' }))
          if (!(await target.write(part as string))) break;
        discard();
      }
      await target.write(held);
      await target.finish();
    },
    async abandon() {
      discard();
      await target.abandon();
    },
  };
}

function temporaryFile() {
  const file = path.join(tmpdir(), `psyberg-result-${process.pid}-${performance.now()}`);
  const descriptor = fs.openSync(file, 'wx', 0o600);
  return { path: file, descriptor, sink: descriptorSink(descriptor) };
}

function trying<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof PsybergError ? error : fileNotWritable(file, error);
  }
}
