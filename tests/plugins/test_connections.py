"""Airflow connections become endpoints: every form, every TLS setting, and no misspelt one."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo.servers import Server, free_port, installed_majors, own
from pgpipelines.connections import endpoint, table_asset
from pgpipelines.errors import ConfigurationError, ConnectionFailedError
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName
from tests.fixtures.servers import THROW_AWAY, Database

# The embedded servers are built without TLS; Debian's has it.
WITH_TLS = 15


def define(monkeypatch: pytest.MonkeyPatch, text: str, conn_id: str = "some_conn") -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", text)


def test_a_uri_and_json_mean_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    define(monkeypatch, "postgresql://reader:p%40ss%2Fword@db1:5433/erp?sslmode=require&connect_timeout=3", "uri")
    define(
        monkeypatch,
        json.dumps(
            {
                "conn_type": "postgres",
                "host": "db1",
                "port": 5433,
                "login": "reader",
                "password": "p@ss/word",
                "schema": "erp",
                "extra": {"sslmode": "require", "connect_timeout": 3},
            }
        ),
        "json",
    )
    assert endpoint("uri").parameters == endpoint("json").parameters
    assert endpoint("uri").parameters["password"] == "p@ss/word"
    assert str(endpoint("json")) == "json (reader@db1:5433/erp)"


def test_a_password_is_in_no_text_of_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    define(monkeypatch, "postgresql://reader:canary-secret@db1/erp")
    found = endpoint("some_conn")
    asset = table_asset(found, QualifiedName("public", "t"))
    assert "canary" not in f"{found} {found!r} {asset.uri} {asset.name}"


def test_an_asset_is_named_by_connection_and_table_and_its_uri_by_server(monkeypatch: pytest.MonkeyPatch) -> None:
    define(monkeypatch, "postgresql://reader@db1:5433/erp")
    asset = table_asset(endpoint("some_conn"), QualifiedName("public", "a/b %"))
    assert asset.name == 'some_conn.public."a/b %"'
    assert asset.uri == "postgres://db1:5433/erp/public/a%2Fb%20%25"


def test_what_the_provider_keeps_in_the_extra_for_itself_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    define(monkeypatch, "postgresql://reader@db1/erp?cursor=dictcursor&sslmode=prefer")
    assert endpoint("some_conn").parameters == {"host": "db1", "user": "reader", "dbname": "erp", "sslmode": "prefer"}


@pytest.mark.parametrize(
    ("text", "cause", "remedy"),
    [
        ("postgresql://r@h/d?sslmod=require", "extra 'sslmod' is no setting", "did you mean 'sslmode'?"),
        ("postgresql://r@h/d?colour=red", "extra 'colour' is no setting", "libpq's list"),
        ("mysql://r@h/d", "is of type mysql", "type postgres"),
    ],
)
def test_what_can_not_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch, text: str, cause: str, remedy: str) -> None:
    define(monkeypatch, text)
    with pytest.raises(ConfigurationError, match=cause) as failure:
        endpoint("some_conn")
    assert remedy in failure.value.remedy


def test_a_missing_connection_is_told_how_to_be_defined() -> None:
    with pytest.raises(ConfigurationError, match="connection no_such_conn is not defined") as failure:
        endpoint("no_such_conn")
    assert "AIRFLOW_CONN_NO_SUCH_CONN" in failure.value.remedy


class Certificates:
    """A certificate authority of one test, and the certificate of a server on 127.0.0.1."""

    def __init__(self, folder: Path, authority_name: str = "pgpipelines test") -> None:
        self.root, self.certificate, self.key = folder / "root.crt", folder / "server.crt", folder / "server.key"
        authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, authority_name)])
        today = datetime.now(timezone.utc)
        draft = (
            x509.CertificateBuilder()
            .issuer_name(name)
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=1))
        )
        root = (
            draft.subject_name(name)
            .public_key(authority.public_key())
            .serial_number(1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(authority, hashes.SHA256())
        )
        host = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        leaf = (
            draft.subject_name(host)
            .public_key(server.public_key())
            .serial_number(2)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(authority, hashes.SHA256())
        )
        self.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        self.certificate.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        self.key.touch(mode=0o600)
        self.key.write_bytes(
            server.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


@pytest.fixture(scope="module")
def encrypted() -> Iterator[tuple[Server, Certificates]]:
    """A server that speaks TLS, and its certificates."""
    if WITH_TLS not in installed_majors():
        pytest.skip(f"no PostgreSQL with TLS is installed (Debian: apt-get install postgresql-{WITH_TLS})")
    folder = Path(tempfile.mkdtemp(prefix="pgpipelines-tls-"))
    folder.chmod(0o755)  # servers of a root user run as another account
    certificates = Certificates(folder)
    own(certificates.key, certificates.certificate)
    settings = {"ssl": "on", "ssl_cert_file": str(certificates.certificate), "ssl_key_file": str(certificates.key)}
    server = Server(folder / "server", WITH_TLS, free_port(), {**THROW_AWAY, **settings})
    server.create()
    server.start()
    yield server, certificates
    server.stop("immediate")
    shutil.rmtree(folder)


def test_tls_settings_of_the_extra_are_honoured(
    monkeypatch: pytest.MonkeyPatch, encrypted: tuple[Server, Certificates]
) -> None:
    server, certificates = encrypted
    address = f"postgresql://postgres:{server.password}@localhost:{server.port}/postgres"
    define(monkeypatch, f"{address}?sslmode=verify-full&sslrootcert={certificates.root}")
    with Session(endpoint("some_conn"), "tests") as session:
        plain = Database(server, "postgres")
        assert plain.value("SELECT ssl FROM pg_stat_ssl WHERE pid = %s", (session.backend,)) is True


def test_a_server_whose_certificate_nobody_signed_is_refused(
    monkeypatch: pytest.MonkeyPatch, encrypted: tuple[Server, Certificates], tmp_path: Path
) -> None:
    server, _ = encrypted
    stranger = Certificates(tmp_path, "somebody else")
    address = f"postgresql://postgres:{server.password}@localhost:{server.port}/postgres"
    define(monkeypatch, f"{address}?sslmode=verify-full&sslrootcert={stranger.root}")
    with pytest.raises(ConnectionFailedError, match="certificate verify failed") as failure:
        Session(endpoint("some_conn"), "tests")
    assert "sslrootcert" in failure.value.remedy
    assert server.password not in str(failure.value)


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, source: Database
) -> None:
    server = source.server
    define(
        monkeypatch, f"postgresql://postgres:{server.password}@127.0.0.1:{server.port}/{source.name}?sslmode=require"
    )
    with pytest.raises(ConnectionFailedError, match="does not support SSL") as failure:
        Session(endpoint("some_conn"), "tests")
    assert "TLS" in failure.value.remedy
