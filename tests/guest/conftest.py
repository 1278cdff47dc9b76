"""What is proven inside the guest only, by tests/kernel; elsewhere nothing is collected here."""

import os

import pytest

pytest.register_assert_rewrite("tests.guest.moves")
collect_ignore_glob = [] if "BRIDGEKIT_GUEST" in os.environ else ["test_*.py"]
