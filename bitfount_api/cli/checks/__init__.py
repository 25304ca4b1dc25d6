"""The checks of ``doctor``. Each check returns findings, with advice for each problem."""
