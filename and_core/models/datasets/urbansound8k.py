"""The UrbanSound8K layout: `audio/fold1/` ... `audio/fold10/` and `metadata/UrbanSound8K.csv`.

Salamon, Jacoby and Bello 2014, "A Dataset and Taxonomy for Urban Sound Research"; 8,732 clips of at most 4 s in 10
classes. Clips are cut from longer Freesound recordings (`fsID`), and all clips of a recording are in one fold, so
compare networks on its own ten folds only. A subset in the same layout is read by the same class.
"""

from and_core.models.datasets.clip_table import TabledDataset, TableLayout


class UrbanSound8K(TabledDataset):
    """Clips listed in `metadata/UrbanSound8K.csv`, in its order. Settings and errors are those of `TabledDataset`."""

    layout = TableLayout(
        kind="urbansound8k",
        table="metadata/UrbanSound8K.csv",
        audio="audio/fold{fold}/{filename}",
        filename="slice_file_name",
        fold="fold",
        target="classID",
        category="class",
        source_recording="fsID",
    )
