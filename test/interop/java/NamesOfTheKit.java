import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.List;
import org.apache.iceberg.rest.RESTCompatibilityKitCatalogTests;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Tests that Apache Iceberg's REST compatibility kit has and leaves out, because its own server cannot do them. Prints `name: outcome` lines. */
public class NamesOfTheKit {
  private static final List<String> LEFT_OUT =
      List.of("testListNestedNamespaces", "testDropNamespaceWithNestedNamespace", "testNamespaceWithSlash", "testTableNameWithSlash", "testTableNameWithDot");

  public static class Tests extends RESTCompatibilityKitCatalogTests {
    @Override
    protected boolean supportsNestedNamespaces() {
      return true;
    }

    @Override
    protected boolean supportsNamesWithSlashes() {
      return true;
    }

    @Override
    protected boolean supportsNamesWithDot() {
      return true;
    }
  }

  public static void main(String[] none) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(LEFT_OUT.stream().map(name -> selectMethod(Tests.class, name)).toList())
            // By name: the test that lists leaves behind what the one that drops does not expect.
            .configurationParameter("junit.jupiter.testmethod.order.default", "org.junit.jupiter.api.MethodOrderer$MethodName")
            .build();
    Launcher launcher = LauncherFactory.create();
    launcher.execute(
        request,
        new TestExecutionListener() {
          @Override
          public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (test.isTest() || result.getStatus() != TestExecutionResult.Status.SUCCESSFUL)
              System.out.println(test.getDisplayName() + ": " + result.getStatus() + " " + result.getThrowable().map(Throwable::getMessage).orElse(""));
          }
        });
    System.exit(0);
  }
}
