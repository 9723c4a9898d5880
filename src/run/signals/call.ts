/**
 * Sends one message to a program or a webhook, and again while that may help. Message -> nothing, or why it
 * was not accepted.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OnSignalSpec, SignalMessage } from '../../model/on-signal.ts';

/** Why a try failed; `final`: the next one would too. */
interface Refused {
  readonly why: string;
  readonly final: boolean;
}

const PAUSE_MS = 500;
const PAUSE_MAX_MS = 10_000;

export interface CallRequest {
  readonly onSignal: OnSignalSpec;
  readonly message: SignalMessage;
  /** Where a command runs: the project's folder. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Ends it; the message then counts as not taken. */
  readonly signal: AbortSignal;
}

/** Undefined when it was taken, else why the last try failed. */
export async function callOnSignal(request: CallRequest): Promise<string | undefined> {
  const { retries } = request.onSignal;
  for (let attempt = 0; ; attempt += 1) {
    const refused = await tryOnce(request);
    if (refused === undefined) return undefined;
    if (request.signal.aborted || refused.final || attempt >= retries)
      return attempt === 0 ? refused.why : `${refused.why}, in ${attempt + 1} tries`;
    const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
    await sleep(pauseMs, undefined, { signal: request.signal }).catch(() => undefined);
  }
}

const tryOnce = (request: CallRequest): Promise<Refused | undefined> =>
  request.onSignal.command === undefined ? post(request) : run(request, request.onSignal.command);

/** The message as variables, for commands that read no JSON. */
const variablesOf = (message: SignalMessage): Record<string, string> => ({
  PSYBERG_SIGNAL_ID: message.id,
  PSYBERG_SIGNAL_NAME: message.signal_name,
  PSYBERG_PROCESS_NAME: message.process_name,
  PSYBERG_KIND: message.kind,
  PSYBERG_HOUR: message.hour,
  PSYBERG_HOURS: message.hours === null ? '' : JSON.stringify(message.hours),
  PSYBERG_SESSION_ID: message.psyberg_session_id,
});

/** Without a shell: an argument is what is written, whatever it holds. */
function run(
  { onSignal, message, directory, environment, signal }: CallRequest,
  [program = '', ...args]: readonly string[],
): Promise<Refused | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...environment, ...variablesOf(message) },
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: onSignal.timeoutMs,
      killSignal: 'SIGKILL',
      signal,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_MAX);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ENOENT' ? `the command ${program} was not found` : `${program}: ${error.message}`;
      resolve({ why, final: error.code === 'ENOENT' || error.code === 'EACCES' });
    });
    child.on('close', (code, killedBy) => {
      const last = said.trim().split('\n').at(-1) ?? '';
      const told = last === '' ? '' : `: ${last}`;
      if (code === 0) resolve(undefined);
      else if (killedBy === null) resolve({ why: `${program} ended with ${code}${told}`, final: false });
      else resolve({ why: `${program} took more than ${onSignal.timeoutMs / 1000} s`, final: false });
    });
    // A command that does not read its input closes it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(message)}\n`);
  });
}

const SAID_MAX = 2000;

/** Answers by which the next try may be taken. */
const PASSING = new Set([408, 425, 429]);

async function post({ onSignal, message, environment, signal }: CallRequest): Promise<Refused | undefined> {
  const { webhook = '', timeoutMs } = onSignal;
  const missing = /\$\{(\w+)\}/.exec(
    webhook.replaceAll(/\$\{(\w+)\}/g, (whole, name) => environment[name] ?? whole),
  );
  if (missing !== null) return { why: `the environment variable ${missing[1]} is not set`, final: true };
  const url = webhook.replaceAll(/\$\{(\w+)\}/g, (_whole, name: string) => environment[name] as string);
  if (!URL.canParse(url)) return { why: 'the webhook is no URL', final: true };
  // The path may hold a secret: only the host is told.
  const { host } = new URL(url);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': message.id },
      body: JSON.stringify(message),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await answer.body?.cancel();
    if (answer.ok) return undefined;
    return {
      why: `${host} answered ${answer.status}`,
      final: answer.status < 500 && !PASSING.has(answer.status),
    };
  } catch (error) {
    const { name, cause, message: text } = error as Error;
    if (name === 'TimeoutError')
      return { why: `${host} did not answer within ${timeoutMs / 1000} s`, final: false };
    const because = cause instanceof Error && cause.message !== '' ? cause.message : text;
    return { why: `${host}: ${because}`, final: false };
  }
}
