import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.ManageSnapshots;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.UpdatePartitionSpec;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.BaseDeleteLoader;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.InternalRecordWrapper;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetReaders;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.expressions.Term;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.DeleteWriteResult;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.rest.RESTCatalog;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.StructLikeWrapper;

/**
 * Writes tables as engines on Apache Iceberg's Java library do: rows, equality deletes, position deletes and deletion vectors in commits of any
 * kind, and moves of branches. Reads them, too: what it returns is what Apache Iceberg itself makes of a table. Arguments: URI, token and warehouse
 * of a REST catalog. A request is a line of JSON, and so is its answer.
 */
public class SourceWriter {
  static final ObjectMapper JSON = new ObjectMapper();
  static final RESTCatalog CATALOG = new RESTCatalog();

  public static void main(String[] given) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err);
    Map<String, String> properties = new HashMap<>();
    properties.put("uri", given[0]);
    if (!given[1].isEmpty()) properties.put("token", given[1]);
    properties.put("warehouse", given[2]);
    properties.put("io-impl", "org.apache.iceberg.hadoop.HadoopFileIO");
    CATALOG.setConf(new org.apache.hadoop.conf.Configuration());
    CATALOG.initialize("java", properties);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    out.println("{\"ready\": true}");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode answer;
      try {
        answer = answerTo(JSON.readTree(line));
      } catch (Throwable error) {
        StackTraceElement[] at = error.getStackTrace();
        answer = JSON.createObjectNode().put("error", error + (at.length > 0 ? " at " + at[0] : ""));
        error.printStackTrace();
      }
      out.println(JSON.writeValueAsString(answer));
      out.flush();
    }
  }

  static JsonNode answerTo(JsonNode ask) throws Exception {
    String[] names = ask.get("table").asText().split("\\.");
    TableIdentifier id = TableIdentifier.of(Namespace.of(names[0]), names[1]);
    String kind = ask.get("kind").asText();
    if (kind.equals("create")) return create(id, ask);
    Table table = CATALOG.loadTable(id);
    switch (kind) {
      case "read":
        return read(table, ask);
      case "write":
        return write(table, ask);
      case "compact":
        return compact(table, ask);
      case "schema":
        return schema(table, ask);
      case "partition":
        return partition(table, ask);
      case "snapshots":
        return snapshots(table, ask);
      case "properties":
        ask.get("set").fields().forEachRemaining(each -> table.updateProperties().set(each.getKey(), each.getValue().asText()).commit());
        return state(table);
      default:
        throw new IllegalArgumentException(kind);
    }
  }

  static JsonNode create(TableIdentifier id, JsonNode ask) {
    if (!CATALOG.namespaceExists(id.namespace())) CATALOG.createNamespace(id.namespace());
    Schema schema = SchemaParser.fromJson(ask.get("schema").toString());
    Map<String, String> properties = new HashMap<>();
    ask.path("properties").fields().forEachRemaining(each -> properties.put(each.getKey(), each.getValue().asText()));
    PartitionSpec.Builder spec = PartitionSpec.builderFor(schema);
    for (JsonNode field : ask.path("partition")) {
      String column = field.get(1).asText();
      switch (field.get(0).asText()) {
        case "identity": spec.identity(column); break;
        case "hour": spec.hour(column); break;
        case "day": spec.day(column); break;
        case "month": spec.month(column); break;
        case "bucket": spec.bucket(column, field.get(2).asInt()); break;
        case "truncate": spec.truncate(column, field.get(2).asInt()); break;
        default: throw new IllegalArgumentException(field.toString());
      }
    }
    return state(CATALOG.buildTable(id, schema).withPartitionSpec(spec.build()).withProperties(properties).create());
  }

  static ObjectNode state(Table table) {
    table.refresh();
    Snapshot head = table.currentSnapshot();
    ObjectNode found = JSON.createObjectNode().put("snapshot", head == null ? null : String.valueOf(head.snapshotId()));
    if (head != null) found.put("operation", head.operation());
    return found;
  }

  // Values

  static Object value(Type type, JsonNode json) {
    if (json == null || json.isNull()) return null;
    switch (type.typeId()) {
      case BOOLEAN: return json.asBoolean();
      case INTEGER: return json.asInt();
      case LONG: return json.isTextual() ? Long.parseLong(json.asText()) : json.asLong();
      case FLOAT: return Float.parseFloat(json.asText());
      case DOUBLE: return Double.parseDouble(json.asText());
      case STRING: return json.asText();
      case UUID: return UUID.fromString(json.asText());
      case DATE: return LocalDate.parse(json.asText());
      case DECIMAL: return new BigDecimal(json.asText()).setScale(((Types.DecimalType) type).scale());
      case BINARY: return ByteBuffer.wrap(json.asText().getBytes());
      case TIMESTAMP:
        return ((Types.TimestampType) type).shouldAdjustToUTC() ? moment(json.asText()) : moment(json.asText()).toLocalDateTime();
      case TIMESTAMP_NANO:
        return ((Types.TimestampNanoType) type).shouldAdjustToUTC() ? moment(json.asText()) : moment(json.asText()).toLocalDateTime();
      case STRUCT: return record(type.asStructType(), json);
      case LIST: {
        List<Object> list = new ArrayList<>();
        for (JsonNode each : json) list.add(value(type.asListType().elementType(), each));
        return list;
      }
      default: throw new IllegalArgumentException(type.toString());
    }
  }

  static OffsetDateTime moment(String text) {
    return Instant.parse(text).atOffset(ZoneOffset.UTC);
  }

  static Record record(Types.StructType type, JsonNode json) {
    GenericRecord record = GenericRecord.create(type);
    for (Types.NestedField field : type.fields()) record.setField(field.name(), json.has(field.name()) ? value(field.type(), json.get(field.name())) : field.writeDefault());
    return record;
  }

  static JsonNode json(Object value) {
    if (value == null) return JSON.nullNode();
    if (value instanceof Boolean) return JSON.valueToTree(value);
    if (value instanceof ByteBuffer) return JSON.valueToTree(new String(((ByteBuffer) value).duplicate().array()));
    if (value instanceof OffsetDateTime) return JSON.valueToTree(((OffsetDateTime) value).toInstant().toString());
    if (value instanceof LocalDateTime) return JSON.valueToTree(((LocalDateTime) value).toInstant(ZoneOffset.UTC).toString());
    if (value instanceof Record) return object((Record) value);
    if (value instanceof List) {
      ArrayNode list = JSON.createArrayNode();
      for (Object each : (List<?>) value) list.add(json(each));
      return list;
    }
    return JSON.valueToTree(value.toString());
  }

  static ObjectNode object(Record record) {
    ObjectNode row = JSON.createObjectNode();
    for (Types.NestedField field : record.struct().fields()) row.set(field.name(), json(record.getField(field.name())));
    return row;
  }

  static JsonNode read(Table table, JsonNode ask) throws Exception {
    ArrayNode rows = JSON.createArrayNode();
    IcebergGenerics.ScanBuilder scan = IcebergGenerics.read(table);
    if (ask.has("snapshot")) scan = scan.useSnapshot(ask.get("snapshot").asLong());
    try (CloseableIterable<Record> records = scan.build()) {
      for (Record record : records) rows.add(object(record));
    }
    return JSON.createObjectNode().set("rows", rows);
  }

  // Commits

  static PartitionSpec specOf(Table table, JsonNode ask) {
    return ask.has("spec") ? table.specs().get(ask.get("spec").asInt()) : table.spec();
  }

  static OutputFile newFile(Table table, String kind) {
    return table.io().newOutputFile(table.locationProvider().newDataLocation(UUID.randomUUID() + "-" + kind + ".parquet"));
  }

  static List<DataFile> dataFiles(Table table, PartitionSpec spec, Iterable<Record> records) throws Exception {
    Schema schema = table.schema();
    Map<StructLikeWrapper, List<Record>> groups = new LinkedHashMap<>();
    Map<StructLikeWrapper, PartitionKey> keys = new HashMap<>();
    InternalRecordWrapper wrapper = new InternalRecordWrapper(schema.asStruct());
    for (Record record : records) {
      PartitionKey key = new PartitionKey(spec, schema);
      key.partition(wrapper.wrap(record));
      StructLikeWrapper wrapped = StructLikeWrapper.forType(spec.partitionType()).set(key.copy());
      keys.putIfAbsent(wrapped, key.copy());
      groups.computeIfAbsent(wrapped, each -> new ArrayList<>()).add(record);
    }
    List<DataFile> files = new ArrayList<>();
    for (Map.Entry<StructLikeWrapper, List<Record>> group : groups.entrySet()) {
      DataWriter<Record> writer =
          Parquet.writeData(newFile(table, "data")).forTable(table).schema(schema).withSpec(spec)
              .withPartition(spec.isUnpartitioned() ? null : keys.get(group.getKey())).createWriterFunc(GenericParquetWriter::create).overwrite().build();
      try (writer) {
        for (Record record : group.getValue()) writer.write(record);
      }
      files.add(writer.toDataFile());
    }
    return files;
  }

  static List<DeleteFile> equalityDeletes(Table table, JsonNode ask) throws Exception {
    PartitionSpec spec = specOf(table, ask);
    Set<String> columns = new HashSet<>();
    for (JsonNode column : ask.get("columns")) columns.add(column.asText());
    // Rows hold the columns by which the table is partitioned, too, so that each goes to its partition.
    Set<Integer> ids = new HashSet<>();
    for (Types.NestedField field : table.schema().columns()) if (columns.contains(field.name())) ids.add(field.fieldId());
    Schema keySchema = TypeUtil.select(table.schema(), ids);
    int[] equalityIds = ids.stream().mapToInt(Integer::intValue).toArray();
    Map<StructLikeWrapper, List<Record>> groups = new LinkedHashMap<>();
    Map<StructLikeWrapper, PartitionKey> keys = new HashMap<>();
    InternalRecordWrapper wrapper = new InternalRecordWrapper(table.schema().asStruct());
    for (JsonNode row : ask.get("rows")) {
      PartitionKey key = new PartitionKey(spec, table.schema());
      if (!spec.isUnpartitioned()) key.partition(wrapper.wrap(record(table.schema().asStruct(), row)));
      StructLikeWrapper wrapped = StructLikeWrapper.forType(spec.partitionType()).set(key.copy());
      keys.putIfAbsent(wrapped, key.copy());
      groups.computeIfAbsent(wrapped, each -> new ArrayList<>()).add(record(keySchema.asStruct(), row));
    }
    List<DeleteFile> files = new ArrayList<>();
    for (Map.Entry<StructLikeWrapper, List<Record>> group : groups.entrySet()) {
      EqualityDeleteWriter<Record> writer =
          Parquet.writeDeletes(newFile(table, "equality")).forTable(table).rowSchema(keySchema).withSpec(spec)
              .withPartition(spec.isUnpartitioned() ? null : keys.get(group.getKey())).equalityFieldIds(equalityIds).createWriterFunc(GenericParquetWriter::create).overwrite()
              .buildEqualityWriter();
      try (writer) {
        for (Record record : group.getValue()) writer.write(record);
      }
      files.add(writer.toDeleteFile());
    }
    return files;
  }

  record Position(DataFile file, long position) {}

  /** Rows of the data files, deleted ones too, whose column has one of the values. */
  static List<Position> positions(Table table, String column, JsonNode values) throws Exception {
    Set<String> wanted = new HashSet<>();
    for (JsonNode each : values) wanted.add(each.asText());
    List<Position> found = new ArrayList<>();
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      for (FileScanTask task : tasks) {
        long at = 0;
        try (CloseableIterable<Record> records =
            Parquet.read(table.io().newInputFile(task.file().location())).project(table.schema())
                .createReaderFunc(schema -> GenericParquetReaders.buildReader(table.schema(), schema)).build()) {
          for (Record record : records) {
            if (wanted.contains(String.valueOf(record.getField(column)))) found.add(new Position(task.file(), at));
            at++;
          }
        }
      }
    }
    return found;
  }

  static List<DeleteFile> positionDeletes(Table table, List<Position> positions, boolean perFile) throws Exception {
    Map<String, List<Position>> groups = new LinkedHashMap<>();
    for (Position each : positions)
      groups.computeIfAbsent(perFile ? each.file.location() : each.file.specId() + " " + each.file.partition(), key -> new ArrayList<>()).add(each);
    List<DeleteFile> files = new ArrayList<>();
    for (List<Position> group : groups.values()) {
      DataFile like = group.get(0).file;
      PartitionSpec spec = table.specs().get(like.specId());
      group.sort((left, right) -> left.file.location().equals(right.file.location()) ? Long.compare(left.position, right.position) : left.file.location().compareTo(right.file.location()));
      PositionDeleteWriter<Record> writer =
          Parquet.writeDeletes(newFile(table, "positions")).withSpec(spec).withPartition(spec.isUnpartitioned() ? null : like.partition()).overwrite().buildPositionWriter();
      try (writer) {
        for (Position each : group) writer.write(PositionDelete.<Record>create().set(each.file.location(), each.position));
      }
      files.add(writer.toDeleteFile());
    }
    return files;
  }

  /** Deletion vectors that hold what older ones of the same files did. */
  static DeleteWriteResult vectors(Table table, List<Position> positions) throws Exception {
    Map<String, List<DeleteFile>> known = new HashMap<>();
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      for (FileScanTask task : tasks) {
        List<DeleteFile> of = new ArrayList<>();
        for (DeleteFile each : task.deletes()) if (each.content() == org.apache.iceberg.FileContent.POSITION_DELETES) of.add(each);
        known.put(task.file().location(), of);
      }
    }
    BaseDeleteLoader loader = new BaseDeleteLoader(file -> table.io().newInputFile(file.location()));
    BaseDVFileWriter writer =
        new BaseDVFileWriter(
            OutputFileFactory.builderFor(table, 1, System.nanoTime()).format(org.apache.iceberg.FileFormat.PUFFIN).build(),
            path -> {
              List<DeleteFile> of = known.getOrDefault(path, List.of());
              return of.isEmpty() ? null : loader.loadPositionDeletes(of, path);
            });
    try (writer) {
      for (Position each : positions) writer.delete(each.file.location(), each.position, table.specs().get(each.file.specId()), each.file.partition());
    }
    return writer.result();
  }

  static <T extends SnapshotUpdate<T>> void commit(T update, JsonNode ask) {
    if (ask.has("branch")) update.toBranch(ask.get("branch").asText());
    if (ask.has("staged")) {
      update.set("wap.id", ask.get("staged").asText());
      update.stageOnly();
    }
    update.commit();
  }

  /**
   * `rows`, `equality` (a list of {columns, rows, spec}), `positions` ({column, values, per}), `vectors` ({column, values}): one commit. An append
   * where there are rows alone.
   */
  static JsonNode write(Table table, JsonNode ask) throws Exception {
    List<Record> records = new ArrayList<>();
    for (JsonNode row : ask.path("rows")) records.add(record(table.schema().asStruct(), row));
    List<DataFile> data = dataFiles(table, specOf(table, ask), records);
    if (!ask.has("equality") && !ask.has("positions") && !ask.has("vectors")) {
      AppendFiles append = ask.path("fast").asBoolean() ? table.newFastAppend() : table.newAppend();
      data.forEach(append::appendFile);
      commit(append, ask);
      return state(table);
    }
    RowDelta delta = table.newRowDelta();
    if (table.currentSnapshot() != null) delta.validateFromSnapshot(table.currentSnapshot().snapshotId());
    data.forEach(delta::addRows);
    for (JsonNode each : ask.path("equality")) equalityDeletes(table, each).forEach(delta::addDeletes);
    if (ask.has("positions")) {
      JsonNode given = ask.get("positions");
      positionDeletes(table, positions(table, given.get("column").asText(), given.get("values")), given.path("per").asText().equals("file")).forEach(delta::addDeletes);
    }
    if (ask.has("vectors")) {
      JsonNode given = ask.get("vectors");
      DeleteWriteResult result = vectors(table, positions(table, given.get("column").asText(), given.get("values")));
      result.deleteFiles().forEach(delta::addDeletes);
      result.rewrittenDeleteFiles().forEach(delta::removeDeletes);
    }
    commit(delta, ask);
    return state(table);
  }

  /**
   * Live rows of all files into new ones, as `rewrite_data_files` does. `from`: the snapshot at which it began; its sequence number is that of the new
   * files unless `newNumber`. `dropDeletes`: takes off the delete files that nothing needs then.
   */
  static JsonNode compact(Table table, JsonNode ask) throws Exception {
    long start = ask.has("from") ? ask.get("from").asLong() : table.currentSnapshot().snapshotId();
    List<Record> live = new ArrayList<>();
    try (CloseableIterable<Record> records = IcebergGenerics.read(table).useSnapshot(start).build()) {
      // A snapshot is read with the columns of its time.
      for (Record record : records) {
        GenericRecord row = GenericRecord.create(table.schema());
        for (Types.NestedField field : table.schema().columns()) {
          Types.NestedField then = record.struct().field(field.fieldId());
          if (then != null) row.setField(field.name(), record.getField(then.name()));
        }
        live.add(row);
      }
    }
    RewriteFiles rewrite = table.newRewrite().validateFromSnapshot(start);
    Set<String> deletes = new HashSet<>();
    try (CloseableIterable<FileScanTask> tasks = table.newScan().useSnapshot(start).planFiles()) {
      for (FileScanTask task : tasks) {
        rewrite.deleteFile(task.file());
        for (DeleteFile each : task.deletes())
          if (ask.path("dropDeletes").asBoolean() && deletes.add(each.location() + " " + each.contentOffset())) rewrite.deleteFile(each);
      }
    }
    for (DataFile file : dataFiles(table, table.spec(), live)) rewrite.addFile(file);
    if (!ask.path("newNumber").asBoolean()) rewrite.dataSequenceNumber(table.snapshot(start).sequenceNumber());
    commit(rewrite, ask);
    return state(table);
  }

  // Definitions

  static JsonNode schema(Table table, JsonNode ask) {
    UpdateSchema update = table.updateSchema();
    for (JsonNode change : ask.get("changes")) {
      String column = change.get(1).asText();
      switch (change.get(0).asText()) {
        case "add": {
          Type type = Types.fromPrimitiveString(change.get(2).asText());
          if (change.has(3)) update.addColumn(column, type, Expressions.lit(constant(type, change.get(3))));
          else update.addColumn(column, type);
          break;
        }
        case "default": {
          Type type = table.schema().findType(column);
          update.updateColumnDefault(column, Expressions.lit(constant(type, change.get(2))));
          break;
        }
        case "drop": update.deleteColumn(column); break;
        case "rename": update.renameColumn(column, change.get(2).asText()); break;
        case "widen": update.updateColumn(column, Types.fromPrimitiveString(change.get(2).asText()).asPrimitiveType()); break;
        case "first": update.moveFirst(column); break;
        case "optional": update.makeColumnOptional(column); break;
        case "identifier": update.setIdentifierFields(column); break;
        default: throw new IllegalArgumentException(change.toString());
      }
    }
    update.commit();
    return state(table);
  }

  static Object constant(Type type, JsonNode json) {
    switch (type.typeId()) {
      case INTEGER: return json.asInt();
      case LONG: return json.asLong();
      case DOUBLE: return json.asDouble();
      default: return json.asText();
    }
  }

  static Term termOf(JsonNode field) {
    String column = field.get(1).asText();
    switch (field.get(0).asText()) {
      case "identity": return Expressions.ref(column);
      case "hour": return Expressions.hour(column);
      case "day": return Expressions.day(column);
      case "month": return Expressions.month(column);
      case "bucket": return Expressions.bucket(column, field.get(2).asInt());
      case "truncate": return Expressions.truncate(column, field.get(2).asInt());
      default: throw new IllegalArgumentException(field.toString());
    }
  }

  static JsonNode partition(Table table, JsonNode ask) {
    UpdatePartitionSpec update = table.updateSpec();
    for (JsonNode field : ask.path("remove")) update.removeField(field.asText());
    for (JsonNode field : ask.path("add")) update.addField(termOf(field));
    update.commit();
    return JSON.createObjectNode().put("spec", table.spec().specId()).put("text", table.spec().toString());
  }

  static JsonNode snapshots(Table table, JsonNode ask) {
    switch (ask.get("do").asText()) {
      case "rollback":
        table.manageSnapshots().rollbackTo(ask.get("snapshot").asLong()).commit();
        break;
      case "set":
        table.manageSnapshots().setCurrentSnapshot(ask.get("snapshot").asLong()).commit();
        break;
      case "pick":
        table.manageSnapshots().cherrypick(ask.get("snapshot").asLong()).commit();
        break;
      case "branch": {
        ManageSnapshots manage = table.manageSnapshots();
        if (ask.has("snapshot")) manage.createBranch(ask.get("branch").asText(), ask.get("snapshot").asLong()).commit();
        else manage.createBranch(ask.get("branch").asText()).commit();
        break;
      }
      case "forward":
        table.manageSnapshots().fastForwardBranch("main", ask.get("branch").asText()).commit();
        break;
      case "drop-branch":
        table.manageSnapshots().removeBranch(ask.get("branch").asText()).commit();
        break;
      case "list": {
        ArrayNode list = JSON.createArrayNode();
        for (Snapshot each : table.snapshots())
          list.add(JSON.createObjectNode().put("id", String.valueOf(each.snapshotId())).put("operation", each.operation()).put("staged", each.summary().get("wap.id")));
        return JSON.createObjectNode().set("snapshots", list);
      }
      case "expire":
        table.expireSnapshots().expireOlderThan(System.currentTimeMillis() + 1).retainLast(ask.path("keep").asInt(1)).cleanExpiredFiles(false).commit();
        break;
      default:
        throw new IllegalArgumentException(ask.toString());
    }
    return state(table);
  }
}
