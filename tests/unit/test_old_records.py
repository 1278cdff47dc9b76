"""A PXE service's files as the commit 91fa8ed wrote them are still read."""

import json
from pathlib import Path

import msgspec
import pytest

from bridgekit.errors import RefusedError
from bridgekit.pxe import record
from bridgekit.pxe.diagnose import fixes
from bridgekit.pxe.diagnose.fixes import AppliedFix, BridgeAttribute, VlanMembership
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system import codec
from bridgekit.system.started_process import StartedProcess

SPEC = (
    '{"address": "192.0.2.254/24", "append": "", "beside_dhcp": false, "bridge": "br0", '
    '"default": "", "dns": ["192.0.2.53"], "engine": "native", "firmware": false, "image": null, '
    '"ipv6": "", "lease": "1h", "menu_timeout": 5, "mode": "lan", "nat": false, '
    '"only_known": false, "range": ["192.0.2.101", "192.0.2.199"], "release": ["trixie"], '
    '"router": "192.0.2.1", "site": null, "taken": ["192.0.2.120"]}'
)
RECORD = f"""{{
  "service": {json.dumps(SPEC)},
  "engine": "native",
  "boot": "00000000-0000-4000-8000-0000091fa8ed",
  "namespace": 28912,
  "since": 1796076054.306525,
  "serving": true,
  "version": 1
}}
"""
FIXED = (
    '[{"kind": "Setting", "fix": {"link": "br0", "name": "stp_state", "value": "0"}, '
    '"before": {"link": "br0", "name": "stp_state", "value": "1"}, "link": [2, "b"]}, '
    '{"kind": "Member", "fix": {"link": "eth0", "vlan": 7, "how": "pvid untagged"}, '
    '"before": {"link": "eth0", "vlan": 7, "how": null}, "link": [3, "b"]}]'
)


def test_a_record_of_91fa8ed_is_read_and_written_anew(tmp_path: Path) -> None:
    service_dir = ServiceDir(tmp_path, "bridgekit-pxe-br0-70f0")
    service_dir.path.mkdir(parents=True)
    file = service_dir.path / "record.json"
    file.write_text(RECORD)
    old = record.read(service_dir)
    assert old == record.ServiceRecord(
        PxeSpec(
            address="192.0.2.254/24",
            dns=("192.0.2.53",),
            engine="native",
            mode="lan",
            nat=False,
            range=("192.0.2.101", "192.0.2.199"),
            router="192.0.2.1",
            reserved_addresses=("192.0.2.120",),
        ),
        "native",
        "00000000-0000-4000-8000-0000091fa8ed",
        28912,
        1796076054.306525,
        serving=True,
    )
    record.mark_serving(service_dir)
    written = msgspec.json.decode(file.read_bytes())
    assert (written["version"], written["service"]["taken"]) == (2, ["192.0.2.120"])
    assert record.read(service_dir) == old


@pytest.mark.parametrize("version", ["3", '"2"', "null", "[]"])
def test_a_record_of_another_version_is_refused(tmp_path: Path, version: str) -> None:
    """It may mean something else by the same words, so nothing of it is believed or changed."""
    service_dir = ServiceDir(tmp_path, "bridgekit-pxe-br0-70f0")
    service_dir.path.mkdir(parents=True)
    file = service_dir.path / "record.json"
    text = RECORD.replace('"version": 1', f'"version": {version}')
    file.write_text(text)
    with pytest.raises(RefusedError, match="another bridgekit wrote; nothing was changed"):
        record.mark_serving(service_dir)
    assert file.read_text() == text


def test_applied_fixes_of_91fa8ed(tmp_path: Path) -> None:
    service_dir = ServiceDir(tmp_path, "bridgekit-pxe-br0-70f0")
    service_dir.path.mkdir(parents=True)
    service_dir.path.with_name(f"{service_dir.name}.fixed.json").write_text(FIXED)
    attribute = BridgeAttribute("br0", "stp_state", "0")
    assert fixes._read_applied(service_dir) == [
        AppliedFix(attribute, BridgeAttribute("br0", "stp_state", "1"), 2, "b"),
        AppliedFix(
            VlanMembership("eth0", 7, "pvid untagged"), VlanMembership("eth0", 7, None), 3, "b"
        ),
    ]


def test_a_process_of_91fa8ed(tmp_path: Path) -> None:
    (tmp_path / "process.json").write_text('{"pid": 4242, "started": 1234567}')
    assert codec.read(tmp_path / "process.json", StartedProcess) == StartedProcess(4242, 1234567)
    assert codec.read(tmp_path / "none.json", StartedProcess) is None
