"""What comes in: data sets checked, split and scaled."""

from .chunking import CACHED, LEAST, Mapped, by_rows, is_mapped, rows_at_a_time, slices, widths
from .dataset import (
    DataSet,
    Moments,
    Tree,
    is_per_target,
    power_of_two,
    rows_of_a_part,
    weight_by_row,
    where_measured,
)
from .inputs import (
    check_dense,
    check_inputs,
    check_measured,
    check_sample_weight,
    check_separable,
    check_target,
    fill_gaps,
    is_frame,
    labels_of,
    measured_alone,
    refuse_lazy,
    small_and_plain,
    weight_of_targets,
)
from .scaling import (
    Scaling,
    input_scaling,
    intercepts_of_constants,
    no_scaling,
    scale_former_constants,
    scale_new_units,
    standard_scaling,
    takes_factor,
)
from .split import check_groups, rows_of_split, split_rows
