# 5.3: report the progress of a task.
import os
from datetime import datetime, timezone

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

hub.send_monitor_update(
    {
        "taskId": "task-1",
        "senderId": f"{hub.username}/scans",
        "timestamp": datetime.now(timezone.utc).isoformat(),
        "privacy": "ALL_PARTICIPANTS",
        "type": "TASK_STARTED",
        "message": "Training",
        "progress": {"epochs": {"value": 1, "total": 5}},
    }
)
print("sent")
