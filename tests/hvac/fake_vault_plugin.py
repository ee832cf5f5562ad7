"""A pytest plugin that makes hvac's integration tests start `fake-vault` instead of Vault."""

import os
import subprocess

from tests import utils
from tests.utils.server_manager import ServerManager

# The version of Vault that OpenBao descends from.
utils.get_vault_version_string.cache = "1.14.0"


def start(manager):
    """Starts a server with hvac's certificate, which the clients of its tests trust."""
    tls = ["--tls-cert", utils.get_config_file_path("server-cert.pem")]
    tls += ["--tls-key", utils.get_config_file_path("server-key.pem")]
    command = [os.environ["FAKE_VAULT"], "--listen", "127.0.0.1:0", *tls]
    manager.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    manager.address = manager.process.stdout.readline().split()[-1]
    manager.client = utils.create_client(url=manager.address)


def initialize(manager):
    """The server is initialized and unsealed from the start."""
    manager.root_token = manager.client.token = "root"
    manager.keys = []


def stop(manager):
    manager.client = None
    manager.process.terminate()
    assert manager.process.wait(timeout=10) == 0


ServerManager.start = start
ServerManager.initialize = initialize
ServerManager.unseal = lambda manager: None
ServerManager.stop = stop
ServerManager.get_active_vault_addresses = lambda manager: [manager.address]
