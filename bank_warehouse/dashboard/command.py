"""The command ``dashboard``: serve the dashboard on this machine, or write it to one file."""

import logging
from functools import partial
from pathlib import Path

import click

from bank_warehouse import options
from bank_warehouse.hints import command_line
from bank_warehouse.net import is_loopback

LOCAL = "127.0.0.1"


@click.command("dashboard")
@click.option("--host", default=LOCAL, show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8050,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 for any free one.",
)
@click.option(
    "--host-name",
    "names",
    multiple=True,
    envvar="BANK_DASHBOARD_HOST_NAMES",
    show_envvar=True,
    help="Host name that browsers or a proxy may use. May be given several times.  [default: "
    "localhost and the address of --host]",
)
@options.publish_dir
@click.option(
    "--export",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=options.outside_releases,
    help="Write the pages to this HTML file and start no server. The file needs no network.",
)
@click.option(
    "--cubes-dir",
    envvar="BANK_DASHBOARD_CUBES",
    show_envvar=True,
    type=click.Path(file_okay=False, path_type=Path),
    callback=options.outside_releases,
    help="Folder that keeps the cubes (sums), so that the next start is fast.",
    show_default="a temporary one",
)
@click.option(
    "--user-header",
    envvar="BANK_DASHBOARD_USER_HEADER",
    show_envvar=True,
    help="Header in which a reverse proxy names the user it has signed in.",
    show_default="no users",
)
@click.option(
    "--access-file",
    envvar="BANK_DASHBOARD_ACCESS_FILE",
    show_envvar=True,
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="CSV file that defines what each user may see; needed with --user-header.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    help="Address of the proxy. May be given several times.  [default: this machine]",
)
def command(
    host: str,
    port: int,
    names: tuple[str, ...],
    publish_dir: Path,
    target: Path | None,
    cubes_dir: Path | None,
    user_header: str | None,
    access_file: Path | None,
    proxies: tuple[str, ...],
) -> None:
    """Show the current release in a browser.

    The pages show sums, never individual customers, and load nothing from the internet. Only this
    machine can open them, unless --host names another address. A new release appears without a
    restart.

    The exit code is 2 if the folder of the releases does not exist, or has no release to export.
    """
    from bank_warehouse.dashboard.access import EVERYONE, LOCAL_PROXIES, Access
    from bank_warehouse.dashboard.cube_files import start, stop
    from bank_warehouse.dashboard.errors import DashboardError
    from bank_warehouse.dashboard.hosts import ANY_ADDRESS, host_names
    from bank_warehouse.dashboard.snapshots import Snapshots, open_snapshot
    from bank_warehouse.publish.releases import current_number, no_release

    if not publish_dir.is_dir():
        raise no_release(publish_dir)
    start()
    if target is not None:
        from bank_warehouse.dashboard.export import write_export

        size = write_export(publish_dir, target, cubes_dir)
        click.echo(f"{target}: {size / 1024:,.0f} KiB. Open it in any browser.")
        return
    if user_header and access_file is None:
        message = "--user-header needs --access-file FILE.csv, which defines who sees what."
        raise click.UsageError(message)
    if access_file is not None and not user_header:
        message = "--access-file needs --user-header, the header in which the proxy names users."
        raise click.UsageError(message)
    answered = host_names(host, names)
    if host in ANY_ADDRESS and not names:
        click.echo(
            "Browsers on other machines must use a declared host name: add --host-name.",
            err=True,
        )
    access = Access(user_header, access_file, frozenset(proxies) or LOCAL_PROXIES)
    if user_header:
        click.echo(
            f"Users in {access_file}: {len(access.users())}. The proxy names them in the header "
            f"{user_header}."
        )
    elif not is_loopback(host):
        click.echo(
            f"Anyone who reaches {host} sees the sums of all customers. Put a proxy in front of it "
            "that signs users in: see docs/dashboard.md.",
            err=True,
        )
    from bank_warehouse.dashboard.listening import Listening
    from bank_warehouse.dashboard.server import create_app

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    snapshots = Snapshots(publish_dir, opened=partial(open_snapshot, folder=cubes_dir))
    try:
        if current_number(publish_dir) is None:
            publish = command_line("publish", {"publish_dir": publish_dir})
            click.echo(
                f"There is no release in {publish_dir} yet. The dashboard shows the first one as "
                f"soon as `{publish}` has published it."
            )
        elif not user_header:
            snapshots.prepare(EVERYONE)
        try:
            listening = Listening(create_app(snapshots, access, answered).server, host, port)
        except OSError as problem:
            message = (
                f"Cannot listen on {host}, port {port}: {problem.strerror or problem}. Name "
                "another port with --port, or an address of this machine with --host."
            )
            raise DashboardError(message) from problem
        try:
            shown = "localhost" if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
            click.echo(
                f"Serving the releases in {publish_dir}. Open http://{shown}:{listening.port} - "
                "end with Ctrl+C."
            )
            listening.serve_forever()
        finally:
            listening.server_close()
    except KeyboardInterrupt:
        stop()
        click.echo("Ended.")
    finally:
        snapshots.close()
