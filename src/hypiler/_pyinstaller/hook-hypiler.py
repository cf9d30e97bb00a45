"""The hook that PyInstaller runs for an application that imports hypiler."""

from PyInstaller.utils.hooks import (  # pyright: ignore[reportMissingModuleSource] - it runs this file
    collect_entry_point,
    copy_metadata,
)

from hypiler._pyinstaller import data_files, hidden_imports

# Engines of other packages are found by their entry points.
_entry_point_datas, _entry_point_imports = collect_entry_point("hypiler.engines")
hiddenimports = [*hidden_imports(), *_entry_point_imports]
datas = [*data_files(), *copy_metadata("hypiler"), *_entry_point_datas]
