"""A dbt-duckdb plugin that lets `dbt run-operation publish` publish through dbt's own connection.

No other process can open the build file while dbt has it open.
"""

from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from phylohub.core.errors import PhylohubError
from phylohub.operate.publish import publish


class Plugin(BasePlugin):
    """Configured in profiles.yml. macros/publish.sql calls `store` through `adapter.store_relation`."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Keep the connection that dbt has just opened."""
        self._connection = conn

    def store(self, target_config: TargetConfig) -> None:
        """Publish to the folder of the location, with `keep` and `force` from the config.

        Raises DbtRuntimeError with the message of the PhylohubError.
        """
        assert target_config.location is not None  # noqa: S101  # macros/publish.sql sets it
        with self._connection.cursor() as connection:
            try:
                done = publish(
                    connection,
                    Path(target_config.location.path),
                    keep=int(target_config.config["keep"]),
                    force=bool(target_config.config["force"]),
                )
            except PhylohubError as error:
                raise DbtRuntimeError(str(error).replace("--force", "the argument force")) from error
        print(f"published {done.n_marts} marts ({done.n_rows:,} rows) as version {done.version}")  # dbt logs it
