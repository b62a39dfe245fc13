"""The command ``spark-cluster``: a cluster on this machine, started, looked at and stopped."""

from pathlib import Path

import click

_FOLDER = click.option(
    "--folder",
    envvar="BANK_SPARK_CLUSTER",
    default=Path("warehouse", "spark-cluster"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the cluster: its tables, metastore, logs and the record of its processes.",
)
_MEMORY = r"[1-9][0-9]*[mg]"


def _memory(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    import re

    if not re.fullmatch(_MEMORY, text):
        message = f"{text} is no amount of memory: write 1500m or 2g."
        raise click.BadParameter(message)
    return text


def _settings(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not (name and equals):
            message = f"{name} has no value: write NAME=VALUE."
            raise click.BadParameter(message)
    return {name: value for name, _, value in pairs}


@click.group("spark-cluster")
def command() -> None:
    """A Spark cluster on this machine: master, workers, Thrift server. docs/spark-cluster.md."""


@command.command("start")
@_FOLDER
@click.option(
    "--port",
    default=10000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port of the Thrift server; 0 for any that is free.",
)
@click.option(
    "--master-port",
    default=0,
    type=click.IntRange(0, 65535),
    help="Port of the master.  [default: any that is free]",
)
@click.option(
    "--page-port",
    default=0,
    type=click.IntRange(0, 65535),
    help="Port of the master's page.  [default: any that is free]",
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1), help="Number of workers."
)
@click.option(
    "--cores",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Tasks that each worker runs at a time.",
)
@click.option(
    "--worker-memory",
    default="1g",
    show_default=True,
    callback=_memory,
    help="Memory of each worker's executor.",
)
@click.option(
    "--server-memory",
    default="1g",
    show_default=True,
    callback=_memory,
    help="Memory of the Thrift server, which plans and holds answers.",
)
@click.option(
    "--shuffle-partitions",
    default=4,
    show_default=True,
    type=click.IntRange(1),
    help="Parts that Spark makes where rows change places: a few for each core.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address of the Thrift server."
)
@click.option(
    "--open-to-network",
    "is_open",
    is_flag=True,
    help="Allow an address that other machines reach. Set up authentication first.",
)
@click.option(
    "--conf",
    "spark_settings",
    multiple=True,
    callback=_settings,
    metavar="NAME=VALUE",
    help="Setting of Spark; as many as there are.",
)
@click.option(
    "--hiveconf",
    "hive_settings",
    multiple=True,
    callback=_settings,
    metavar="NAME=VALUE",
    help="Setting of the Thrift server, of authentication for instance; as many as there are.",
)
def start(
    folder: Path,
    port: int,
    master_port: int,
    page_port: int,
    workers: int,
    cores: int,
    worker_memory: str,
    server_memory: str,
    shuffle_partitions: int,
    host: str,
    is_open: bool,
    spark_settings: dict[str, str],
    hive_settings: dict[str, str],
) -> None:
    """Start the cluster, wait until a worker has answered a query, and leave it running."""
    from bank_warehouse.spark.cluster import ClusterSettings, asks_who_one_is, start_cluster

    settings = ClusterSettings(
        host=host,
        port=port,
        master_port=master_port,
        page_port=page_port,
        workers=workers,
        cores=cores,
        worker_memory=worker_memory,
        server_memory=server_memory,
        shuffle_partitions=shuffle_partitions,
        spark_settings=spark_settings,
        hive_settings=hive_settings,
        is_open=is_open,
    )
    cluster = start_cluster(folder, settings, click.echo)
    if is_open and not asks_who_one_is(settings):
        click.echo(
            f"Anyone who reaches {host} can read and change everything as you, and run programs. "
            "Set up LDAP or Kerberos: docs/spark-cluster.md.",
            err=True,
        )
    click.echo(f"\nThe cluster runs. Jobs: {cluster.jobs_page}. Logs: {folder / 'logs'}.\n")
    for name, text in cluster.environment().items():
        click.echo(f"export {name}={text}")
    click.echo("dbt build --target spark_thrift")


@command.command("status")
@_FOLDER
@click.pass_context
def status(context: click.Context, folder: Path) -> None:
    """Say what runs; the exit code is 1 where the cluster is not whole."""
    from bank_warehouse.spark.cluster import RECORD, find_cluster
    from bank_warehouse.spark.processes import read_record

    record = read_record(folder / RECORD)
    if record is None:
        click.echo(f"No cluster of {folder} runs.")
        context.exit(1)
    for each in record.processes:
        state = f"process {each.pid}" if each.process() else f"has ended, see {each.log}"
        click.echo(f"{each.name:<16}{state}")
    cluster = find_cluster(folder)
    if cluster is None:
        click.echo("The cluster is not whole: stop it, then start it again.")
        context.exit(1)
    for worker in cluster.workers():
        click.echo(
            f"worker at {worker['host']}:{worker['port']}, {worker['coresused']} of "
            f"{worker['cores']} cores and {worker['memoryused']} of {worker['memory']} MiB used"
        )
    for executor in cluster.executors():
        click.echo(
            f"executor {executor['id']}: {executor['completedTasks']} tasks done, "
            f"{executor['failedTasks']} failed"
        )
    click.echo(f"Master {cluster.page}, jobs {cluster.jobs_page}")
    for name, text in cluster.environment().items():
        click.echo(f"export {name}={text}")


@command.command("stop")
@_FOLDER
def stop(folder: Path) -> None:
    """End the cluster's processes. Tables, metastore and logs stay in its folder."""
    from bank_warehouse.spark.cluster import stop_cluster

    ended = stop_cluster(folder)
    click.echo(f"{ended} processes ended." if ended else f"No cluster of {folder} runs.")
