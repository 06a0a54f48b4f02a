"""Receives job events, deduplicates them by id, stores them in SQLite and deletes their messages."""

import json
import os
import signal
import sqlite3
import sys
import threading

from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy, TextBase64EncodePolicy

# Longer than an event takes to process: afterwards the message is visible to other readers again.
HIDE_SECONDS = 60
# A message that failed so often moves to the poison queue.
MOST_TRIES = 5
PAUSE_SECONDS = 1


def open_service() -> QueueServiceClient:
    """Passwordless in Azure. The local cloud gives a connection string."""
    connection_string = os.environ.get("EVENTS_CONNECTION_STRING")
    if connection_string:
        return QueueServiceClient.from_connection_string(connection_string)
    uri = os.environ.get("EVENTS_QUEUE_SERVICE_URI")
    if uri:
        return QueueServiceClient(uri, credential=DefaultAzureCredential())
    sys.exit("Set EVENTS_QUEUE_SERVICE_URI, or EVENTS_CONNECTION_STRING for the local cloud")


def open_database(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, event TEXT NOT NULL)")
    return database


def store_once(database: sqlite3.Connection, event: dict) -> bool:
    """Processes an event and records its id in one transaction. False when it was recorded before."""
    with database:
        inserted = database.execute(
            "INSERT OR IGNORE INTO events (id, event) VALUES (?, ?)", (event["id"], json.dumps(event))
        )
        # Your own work belongs here, inside the transaction, when the row is new.
        return inserted.rowcount == 1


def handle(events, poison, database, message) -> None:
    try:
        if message.dequeue_count > MOST_TRIES:
            poison.send_message(message.content, time_to_live=-1)
            print(f"Moved to the poison queue: {message.id}", file=sys.stderr)
        else:
            event = json.loads(message.content)
            word = "processed" if store_once(database, event) else "repeated"
            print(word, event["type"], event["data"]["outcome"], event["id"], flush=True)
        events.delete_message(message)
    except Exception as error:
        # Not deleted: the message becomes visible again.
        print(f"Failed, try {message.dequeue_count} of {MOST_TRIES}: {message.id}", repr(error), file=sys.stderr)


def main() -> None:
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.set())
    service = open_service()
    base64 = {"message_encode_policy": TextBase64EncodePolicy(), "message_decode_policy": TextBase64DecodePolicy()}
    events = service.get_queue_client("print-job-events", **base64)
    poison = service.get_queue_client("print-job-events-poison", **base64)
    database = open_database(os.environ.get("EVENTS_DATABASE", "events.db"))
    while not stopping.is_set():
        messages = list(events.receive_messages(max_messages=32, visibility_timeout=HIDE_SECONDS))
        for message in messages:
            handle(events, poison, database, message)
        if not messages:
            stopping.wait(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
