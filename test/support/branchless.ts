/**
 * A catalog that knows no references but `main`, as Project Nessie 0.99 (seen 2026-11-28): what a commit adds
 * becomes the current snapshot, whatever branch it names, and the metadata hold that one alone. Bodies of
 * requests and answers -> bodies.
 */
import { parseJson, renderJson } from '../../src/iceberg/json.ts';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { TableRequirement, TableUpdate } from '../../src/iceberg/table-update.ts';

interface Change {
  requirements?: TableRequirement[];
  updates?: TableUpdate[];
  'table-changes'?: Change[];
}

/** What such a catalog makes of a commit; other requests stay as they are. */
export function onlyMain(body: string): string {
  if (!body.includes('"updates"')) return body;
  const asked = parseJson<Change>(body);
  for (const change of asked['table-changes'] ?? [asked]) makeCurrent(change);
  return renderJson(asked);
}

function makeCurrent(change: Change): void {
  const { requirements = [], updates } = change;
  if (!Array.isArray(updates)) return;
  change.requirements = requirements.filter(
    (requirement) => requirement.type !== 'assert-ref-snapshot-id' || requirement.ref === 'main',
  );
  const kept = updates.filter(
    (update) =>
      update.action !== 'remove-snapshots' &&
      !(
        (update.action === 'set-snapshot-ref' || update.action === 'remove-snapshot-ref') &&
        update['ref-name'] !== 'main'
      ),
  );
  const added = kept.findLast((update) => update.action === 'add-snapshot');
  if (added !== undefined && !kept.some((update) => update.action === 'set-snapshot-ref'))
    kept.push({
      action: 'set-snapshot-ref',
      'ref-name': 'main',
      type: 'branch',
      'snapshot-id': added.snapshot['snapshot-id'],
    });
  change.updates = kept;
}

/** A table's answer with its newest snapshot only. */
export function onlyNewest(text: string): string {
  if (!text.includes('"metadata":')) return text;
  const answer = parseJson<{ metadata: { -readonly [Key in keyof TableMetadata]: TableMetadata[Key] } }>(
    text,
  );
  const { metadata } = answer;
  const current = metadata['current-snapshot-id'];
  metadata.snapshots = (metadata.snapshots ?? []).filter((snapshot) => snapshot['snapshot-id'] === current);
  metadata['snapshot-log'] = (metadata['snapshot-log'] ?? []).filter(
    (entry) => entry['snapshot-id'] === current,
  );
  const main = metadata.refs?.['main'];
  metadata.refs = main === undefined ? {} : { main };
  return renderJson(answer);
}
