"""The ESC-50 layout: `audio/` and `meta/esc50.csv` (Piczak 2015, https://github.com/karolpiczak/ESC-50).

A subset in the same layout, such as ESC-10, or a data set of one's own is read by the same class.
"""

from and_core.models.datasets.clip_table import TabledDataset, TableLayout


class Esc50(TabledDataset):
    """Clips listed in `meta/esc50.csv`, in its order. Settings and errors are those of `TabledDataset`."""

    layout = TableLayout(
        kind="esc50",
        table="meta/esc50.csv",
        audio="audio/{filename}",
        filename="filename",
        fold="fold",
        target="target",
        category="category",
        source_recording="src_file",
    )
