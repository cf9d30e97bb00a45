"""Creates one container at a given moment, and prints how that went: `python race_to_create.py STORE FOLDER MOMENT ADDRESS`."""

import sys
import time
from pathlib import Path

from store_drivers import DRIVERS

from hypiler import ModelConfig, stores


def main() -> None:
    store, folder, moment, address = sys.argv[1:]
    config = ModelConfig.from_registry("all-minilm-l6-v2")
    record = stores.record(store, config, name=None if store != "faiss" else f"{folder}/a.faiss")
    if store == "pgvector":
        import psycopg

        client = psycopg.connect(address)
    else:
        client = DRIVERS[store](Path(folder)).client
    go = Path(f"{folder}/{moment}")
    Path(f"{folder}/ready{time.monotonic_ns()}").touch()
    while not go.exists():
        time.sleep(0.001)
    try:
        stores.create(record, client)
    except stores.AlreadyExistsError:
        print("exists")
    except Exception as error:
        print(type(error).__name__, error)
    else:
        print("created")
    print(stores.check(record, client, config).outcome)


main()
