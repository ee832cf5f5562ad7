"""Runs tests of an hvac checkout against `fake-vault`, by default its identity tests.

    git clone --branch v2.4.0 https://github.com/hvac/hvac
    python tests/hvac/run_suite.py hvac
    python tests/hvac/run_suite.py hvac tests/integration_tests/api/auth_methods/test_approle.py
"""

import os
import pathlib
import subprocess
import sys
import venv

IDENTITY = "tests/integration_tests/api/secrets_engines/test_identity.py"
# What hvac's `pyproject.toml` lists for these tests.
REQUIREMENTS = [
    "parameterized<0.9", "pyhcl<0.5", "pytest<8", "pytest-mock<4", "requests-mock<2", "packaging<24", "jwcrypto<2",
    "Authlib<2", "Flask<3", "Flask-SQLAlchemy<4", "Werkzeug<4", "python-ldap-test<0.4",
]

here = pathlib.Path(__file__).resolve().parent
workspace = here.parent.parent
checkout, *tests = sys.argv[1:] or sys.exit(__doc__)

cargo = ["cargo", "build", "--quiet", "-p", "vault-identity-fake", "--features", "server", "--bin", "fake-vault"]
subprocess.run(cargo, cwd=workspace, check=True)

environment = workspace / "target" / "hvac"
python = environment / "bin" / "python"
if not python.exists():
    venv.create(environment, with_pip=True)
subprocess.run([python, "-m", "pip", "install", "--quiet", checkout, *REQUIREMENTS], check=True)

pytest = [python, "-m", "pytest", "-p", "fake_vault_plugin", "--override-ini=addopts=", *(tests or [IDENTITY])]
variables = {
    "FAKE_VAULT": str(workspace / "target" / "debug" / "fake-vault"),
    "PYTHONPATH": str(here),
    # Leaves the checkout as it is.
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_ADDOPTS": "-p no:cacheprovider",
}
sys.exit(subprocess.run(pytest, cwd=checkout, env=os.environ | variables).returncode)
