/**
 * Writes an empty partition tuple into a manifest. Bytes of an Avro file -> bytes. Pure.
 *
 * The specification wants `partition` to be a record, which for an unpartitioned table has no fields. SQL
 * cannot write an empty struct, so DuckDB writes an optional integer there: one zero byte per row. Here the
 * file's schema is changed to say that first comes the empty record (which takes no bytes) and then an
 * optional field that nobody knows (that one byte). The rows stay as they are. Without this DuckDB itself
 * aborts on a table that mixes such a manifest with its own.
 */
import { PsybergError } from '../model/errors.ts';
import { changeAvroSchema } from './avro-header.ts';

const WRITTEN = '{"name":"partition","type":["null",{"type":"int"}],"field-id":102}';
/** No field id of the specification is near 9000. */
const DECLARED =
  '{"name":"partition","type":{"type":"record","name":"partition","fields":[]},"field-id":102},{"name":"unpartitioned","type":["null",{"type":"int"}],"field-id":9000}';

/** Declares the empty partition tuple in a manifest that DuckDB wrote with `partition := null::integer`. */
export const declareEmptyPartition = (file: Buffer): Buffer => changeAvroSchema(file, replaced);

function replaced(schema: string): string {
  if (!schema.includes(WRITTEN))
    throw new PsybergError(
      'internal-bug',
      'a manifest of an unpartitioned table was written in an unknown shape',
      { hint: 'report this with the version of DuckDB' },
    );
  return schema.replace(WRITTEN, DECLARED);
}
