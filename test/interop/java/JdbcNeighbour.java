import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.view.View;

/**
 * Apache Iceberg's JdbcCatalog on a warehouse that another catalog serves: reads what is there, commits to it, and adds to it.
 * Arguments: JDBC URL, user, password, warehouse. Prints what it saw, a line of `name=value` each.
 */
public class JdbcNeighbour {
  public static void main(String[] given) {
    JdbcCatalog catalog = new JdbcCatalog();
    Map<String, String> properties = new TreeMap<>();
    properties.put("uri", given[0]);
    properties.put("warehouse", given[3]);
    if (!given[1].isEmpty()) {
      properties.put("jdbc.user", given[1]);
      properties.put("jdbc.password", given[2]);
    }
    catalog.setConf(new org.apache.hadoop.conf.Configuration());
    catalog.initialize("psyberg", properties);

    Namespace shared = Namespace.of("shared");
    System.out.println("namespaces=" + catalog.listNamespaces());
    System.out.println("owner=" + catalog.loadNamespaceMetadata(shared).get("owner"));
    System.out.println("tables=" + catalog.listTables(shared));
    System.out.println("views=" + catalog.listViews(shared));
    View view = catalog.loadView(TableIdentifier.of("shared", "v"));
    System.out.println("sql=" + view.sqlFor("duckdb").sql());
    Table table = catalog.loadTable(TableIdentifier.of("shared", "t"));
    System.out.println("ours=" + table.properties().get("ours"));
    table.updateProperties().set("theirs", "yes").commit();
    table.updateSchema().addColumn("note", Types.StringType.get()).commit();
    catalog.createNamespace(Namespace.of("java", "deep"), Map.of("owner", "them"));
    catalog.createTable(TableIdentifier.of(Namespace.of("java", "deep"), "made"), new Schema(Types.NestedField.optional(1, "id", Types.LongType.get())));
    catalog.renameTable(TableIdentifier.of("shared", "old"), TableIdentifier.of("shared", "renamed"));
    System.out.println("again=" + catalog.loadTable(TableIdentifier.of("shared", "t")).properties().get("theirs"));
  }
}
