"""A CI step that publishes a model and its weights, and prints the version.

    python publish_model.py models/Net.py weights/net.pt --output "$GITHUB_OUTPUT"

Credentials come from the environment. The step is safe to run again: unchanged code keeps
its version, and its weights are replaced. Prints one line of JSON. The exit
status is 0 if everything was stored and read back, and 1 otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

from bitfount_api import BitfountError, BitfountHub, BitfountSession, hash_file_contents


class PublishError(Exception):
    """The stored model or weights differ from the local files."""


def publish(hub: BitfountHub, code: Path, weights: Path, *, private: bool) -> dict[str, object]:
    """Publish a model, read it back, and return its name, hash and whether it is new.

    Raises:
        BitfountError: If the model cannot be published or read back.
        PublishError: If the data read back differ from the local files.
    """
    answer = hub.send_model(code, private_model=private)
    version = answer.get("version")
    if version is None:
        raise PublishError("the Hub's response contains no version")
    hub.send_weights(code.stem, version, weights)
    owner, name = hub.session.username, code.stem
    with tempfile.TemporaryDirectory() as folder:
        # Weights may be large, so stream them to disk. get_model_code verifies the code's hash.
        copy = hub.download_weights(owner, name, version, Path(folder, "weights"))
        if hub.get_model_code(owner, name, version) is None or copy is None:
            raise PublishError(f"{owner}/{name}:{version} cannot be read back")
        with weights.open("rb") as file:
            sent = hashlib.file_digest(file, "sha256").hexdigest()
        if copy.sha256 != sent:
            raise PublishError(f"the weights of {owner}/{name}:{version} do not match {weights}")
    return {
        "model": f"{owner}/{name}:{version}",
        "sha256": hash_file_contents(code),
        "new": not answer.get("alreadyExisted"),
    }


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("code", type=Path, help="the model's file")
    parser.add_argument("weights", type=Path, help="the weights file")
    parser.add_argument("--private", action="store_true", help="hide the model from other users")
    parser.add_argument("--output", type=Path, help="file to which the line model=… is appended")
    parser.add_argument("--hub-url", help="the Hub's URL (default: from the environment)")
    options = parser.parse_args()
    if not os.environ.get("BITFOUNT_API_KEY"):
        # Without keys, the session would wait for a browser login, which CI cannot complete.
        print("BITFOUNT_API_KEY is not set: pass the secrets to the step", file=sys.stderr)
        return 1
    try:
        with BitfountSession(user_agent_suffix="publish-model/1.0") as session:
            hub = BitfountHub.from_env(session)
            if options.hub_url:
                hub = BitfountHub(session, options.hub_url)
            done = publish(hub, options.code, options.weights, private=options.private)
    except (BitfountError, PublishError) as error:
        print(f"not published: {error}", file=sys.stderr)
        return 1
    print(json.dumps(done))
    if options.output:
        with options.output.open("a", encoding="utf-8") as file:
            file.write(f"model={done['model']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
