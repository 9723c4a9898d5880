"""Builds OpenLineage's own classes from events: JSON lines on stdin -> what they say, as JSON."""

import inspect
import json
import sys

import attr
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde

KNOWN = {
    "catalog": facet_v2.catalog_dataset.CatalogDatasetFacet,
    "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    "inputStatistics": facet_v2.input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "nominalTime": facet_v2.nominal_time_run.NominalTimeRunFacet,
    "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "parent": facet_v2.parent_run.ParentRunFacet,
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "sql": facet_v2.sql_job.SQLJobFacet,
    "storage": facet_v2.storage_dataset.StorageDatasetFacet,
    "symlinks": facet_v2.symlinks_dataset.SymlinksDatasetFacet,
    "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
}
OWN = {"psyberg_session"}


def facets(found):
    built = {}
    for name, content in (found or {}).items():
        if name in OWN:
            assert set(content) > {"_producer", "_schemaURL"}, name
            continue
        kind = KNOWN[name]
        members = {key: value for key, value in content.items() if not key.startswith("_")}
        facet = kind(producer=content["_producer"], **members)
        assert content["_schemaURL"] == facet._schemaURL, (name, content["_schemaURL"], facet._schemaURL)
        nested(facet, members)
        built[name] = facet
    return built


def nested(facet, members):
    """What its class does not look into by itself."""
    module = inspect.getmodule(type(facet))
    if hasattr(module, "Fields"):
        for field in members["fields"].values():
            module.Fields(inputFields=[input_field(module, each) for each in field["inputFields"]])
        for each in members["dataset"]:
            input_field(module, each)
    if hasattr(module, "SchemaDatasetFacetFields"):
        for field in members["fields"]:
            module.SchemaDatasetFacetFields(**field)
    if hasattr(module, "Identifier"):
        for identifier in members["identifiers"]:
            module.Identifier(**identifier)
    if hasattr(module, "Root"):
        module.Run(**members["run"])
        module.Job(**members["job"])


def input_field(module, field):
    transformations = [module.Transformation(**each) for each in field["transformations"]]
    assert all(each.type in ("DIRECT", "INDIRECT") for each in transformations)
    return module.InputField(**{**field, "transformations": transformations})


def dataset(kind, found):
    own = {key: facets(value) for key, value in found.items() if key in ("inputFacets", "outputFacets")}
    return kind(namespace=found["namespace"], name=found["name"], facets=facets(found["facets"]), **own)


told = []
for line in sys.stdin:
    found = json.loads(line)
    event = event_v2.RunEvent(
        eventType=event_v2.RunState(found["eventType"]),
        eventTime=found["eventTime"],
        producer=found["producer"],
        run=event_v2.Run(runId=found["run"]["runId"], facets=facets(found["run"]["facets"])),
        job=event_v2.Job(
            namespace=found["job"]["namespace"], name=found["job"]["name"], facets=facets(found["job"]["facets"])
        ),
        inputs=[dataset(event_v2.InputDataset, each) for each in found["inputs"]],
        outputs=[dataset(event_v2.OutputDataset, each) for each in found["outputs"]],
    )
    assert found["schemaURL"] == event.schemaURL
    unknown = set(found) - {each.name for each in attr.fields(event_v2.RunEvent)}
    assert not unknown, unknown
    Serde.to_json(event)
    told.append({"type": found["eventType"], "job": event.job.name, "run": event.run.runId})
print(json.dumps(told))
