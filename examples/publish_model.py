"""A CI step: publish a model and its weights, and say which version it is.

    python publish_model.py models/Net.py weights/net.pt --output "$GITHUB_OUTPUT"

Credentials come from the environment. The step can be run again at any time: code that is there
already keeps its version, and its weights are replaced by the same ones. Prints one line of JSON.
Ends with 0 when everything is stored and has been read back, and with 1 when not.
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
    """Something is stored that is not what was sent."""


def publish(hub: BitfountHub, code: Path, weights: Path, *, private: bool) -> dict[str, object]:
    """Publish a model, read it back, and tell what is there now.

    Raises:
        BitfountError: It could not be published, or not be read.
        PublishError: What was read is something else.
    """
    answer = hub.send_model(code, private_model=private)
    version = answer.get("version")
    if version is None:
        raise PublishError("the Hub does not say which version it has made")
    hub.send_weights(code.stem, version, weights)
    owner, name = hub.session.username, code.stem
    with tempfile.TemporaryDirectory() as folder:
        # Streamed to disk, as it may be large. The code's hash is checked on the way.
        copy = hub.download_weights(owner, name, version, Path(folder, "weights"))
        if hub.get_model_code(owner, name, version) is None or copy is None:
            raise PublishError(f"{owner}/{name}:{version} cannot be read back")
        with weights.open("rb") as file:
            sent = hashlib.file_digest(file, "sha256").hexdigest()
        if copy.sha256 != sent:
            raise PublishError(
                f"the weights of {owner}/{name}:{version} are not those of {weights}"
            )
    return {
        "model": f"{owner}/{name}:{version}",
        "sha256": hash_file_contents(code),
        "new": not answer.get("alreadyExisted"),
    }


def main() -> int:
    """Run the command line; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("code", type=Path, help="the model's file")
    parser.add_argument("weights", type=Path, help="the file of its weights")
    parser.add_argument("--private", action="store_true", help="do not show it to everybody")
    parser.add_argument("--output", type=Path, help="a file to add a line model=… to")
    parser.add_argument("--hub-url", help="default: the environment's")
    options = parser.parse_args()
    if not os.environ.get("BITFOUNT_API_KEY"):
        # Otherwise somebody would be asked to log in, and there is nobody.
        print("BITFOUNT_API_KEY is not set: give the step its secrets", file=sys.stderr)
        return 1
    try:
        with BitfountSession(user_agent_suffix="publish-model/1.0") as session:
            hub = BitfountHub.of_environment(session)
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
