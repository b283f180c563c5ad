"""Write the grades of a class in the form of Gradescope's own "Download Grades" file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from .grades import ClassGrades
from .plain import plain


def as_gradescope(grades: ClassGrades, title: str) -> str:
    """CSV with a row for each student: names, id, address, points, maximum, time of submission, lateness (H:M:S)."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["First Name", "Last Name", "SID", "Email", title, f"{title} - Max Points", f"{title} - Submission Time",
                   f"{title} - Lateness (H:M:S)"])  # fmt: skip
    for grade in grades.students.values():
        points = "" if grade.points is None else f"{grade.points:.10g}"
        time = f"{grade.submitted:%Y-%m-%d %H:%M:%S %z}" if grade.submitted else ""
        late = _hours(grade.late) if grade.submitted else ""
        names = [plain(text) for text in (grade.first_name, grade.last_name, grade.student, grade.email)]
        rows.writerow([*names, points, f"{grades.max_points:.10g}", time, late])
    return written.getvalue()


def _hours(time: timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
