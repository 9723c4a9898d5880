/**
 * Names spans and gives them attributes, by OpenTelemetry's semantic conventions. Part -> attributes. Pure.
 */
import { unexpected } from '../../model/errors.ts';
import type { TimedPart } from '../listener.ts';
import type { Part } from '../port.ts';

type Attributes = Readonly<Record<string, string | number>>;

/** There are few different names, so that spans can be counted: details are in the attributes. */
export function nameOfPart(part: Part): string {
  switch (part.kind) {
    case 'process':
      return `session ${part.processName}`;
    case 'stage':
      return `stage ${part.stage}`;
    case 'step':
      return `step ${part.stage} ${part.name}`;
    case 'statement':
      return part.name ?? 'statement';
    case 'catalog-call':
      return part.call;
    case 'request':
      return `${part.method} ${part.side}`;
  }
}

/** What is known when the part begins. */
export function attributesOf(part: Part): Attributes {
  switch (part.kind) {
    case 'process':
      return { 'psyberg.process_name': part.processName };
    case 'stage':
    case 'step':
      return { 'psyberg.stage': part.stage };
    case 'statement':
      return {
        'db.system.name': 'duckdb',
        'db.query.text': part.sql,
        ...(part.name === undefined ? {} : { 'db.query.summary': part.name }),
      };
    case 'catalog-call':
      return part.table === undefined ? {} : { 'psyberg.table': part.table };
    case 'request':
      return { 'http.request.method': part.method, 'url.path': part.path };
  }
}

/** What is known when the part has ended. */
export function attributesOfEnd({ part, session, error, facts }: TimedPart): Attributes {
  const { rows, status } = facts;
  return {
    ...(session?.psybergSessionId === undefined ? {} : { 'psyberg.session_id': session.psybergSessionId }),
    ...(rows === undefined || part.kind !== 'statement' ? {} : { 'db.response.returned_rows': rows }),
    ...(status === undefined ? {} : { 'http.response.status_code': status }),
    ...(error === undefined ? {} : { 'error.type': unexpected(error).code }),
  };
}
