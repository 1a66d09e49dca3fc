"""The vocabulary of a synthetic hub, with the number of models per word.

The counts are published in the study "Anatomy of a Machine Learning Ecosystem: 2 Million Models on Hugging Face" for
its 1,860,411 models. Weights that the study does not publish are invented and marked as such.
"""

STUDY_MODELS = 1_860_411

# Tables of hundreds of values: several per line.
# fmt: off
# The study's license table: all 79 values.
LICENSE_COUNTS = {
    "apache-2.0": 298442, "mit": 109820, "other": 81887, "openrail": 37498, "creativeml-openrail-m": 29233,
    "cc-by-nc-4.0": 14315, "llama2": 10294, "llama3": 9887, "gemma": 8677, "unknown": 8368, "llama3.1": 7614,
    "cc-by-4.0": 6737, "openrail++": 6552, "llama3.2": 5863, "cc-by-nc-sa-4.0": 3945, "afl-3.0": 3657,
    "cc-by-sa-4.0": 2984, "gpl-3.0": 2875, "artistic-2.0": 1942, "llama3.3": 1849, "cc": 1846,
    "bigscience-bloom-rail-1.0": 1840, "bigscience-openrail-m": 1742, "bigcode-openrail-m": 1487,
    "bsd-3-clause": 1363, "cc-by-nc-nd-4.0": 1338, "agpl-3.0": 969, "wtfpl": 913, "cc0-1.0": 779, "unlicense": 754,
    "bsd": 555, "gpl": 523, "bsl-1.0": 476, "cc-by-sa-3.0": 408, "bsd-2-clause": 324, "cc-by-2.0": 298,
    "cc-by-nc-2.0": 270, "c-uda": 261, "gpl-2.0": 216, "cc-by-nd-4.0": 208, "cdla-permissive-2.0": 203,
    "cc-by-3.0": 196, "llama4": 180, "lgpl-3.0": 169, "bsd-3-clause-clear": 167, "cc-by-nc-3.0": 151, "osl-3.0": 129,
    "cc-by-2.5": 111, "pddl": 104, "apple-amlr": 99, "ms-pl": 99, "gfdl": 98, "cc-by-nc-nd-3.0": 95, "ecl-2.0": 92,
    "cc-by-nc-sa-2.0": 76, "deepfloyd-if-license": 73, "mpl-2.0": 67, "apple-ascl": 66, "cc-by-nc-sa-3.0": 62,
    "odc-by": 59, "zlib": 53, "etalab-2.0": 48, "eupl-1.1": 44, "lgpl": 44, "odbl": 44, "epl-2.0": 41,
    "cdla-permissive-1.0": 39, "cdla-sharing-1.0": 34, "lgpl-lr": 30, "isc": 30, "epl-1.0": 28, "postgresql": 27,
    "ncsa": 27, "lppl-1.3c": 27, "lgpl-2.1": 24, "ofl-1.1": 17, "eupl-1.2": 13, "intel-research": 12,
    "fair-noncommercial-research-license": 8,
}
# From restrictive to permissive. It differs from the order in the study, so that recovering it is a real test.
PLANTED_LICENSE_ORDER = (
    "gemma", "llama3.3", "llama3.2", "llama3.1", "llama3", "llama2", "openrail++", "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0", "openrail", "cc-by-nc-sa-4.0", "cc-by-nc-4.0", "gpl-3.0", "cc-by-sa-4.0",
    "cc-by-4.0", "cc", "artistic-2.0", "afl-3.0", "apache-2.0", "mit",
)
# The study's language table: all 184 values.
LANGUAGE_COUNTS = {
    "en": 221550, "zh": 12917, "fr": 11754, "es": 10711, "de": 10532, "ja": 8985, "ko": 8475, "it": 8361, "pt": 8284,
    "ru": 6595, "hi": 5970, "ar": 5058, "th": 4564, "id": 3820, "tr": 3759, "vi": 3735, "pl": 3689, "nl": 3195,
    "ro": 2654, "sv": 2515, "uk": 2385, "cs": 2362, "fa": 2359, "fi": 2331, "ne": 2216, "bn": 2163, "he": 1916,
    "el": 1904, "da": 1859, "ms": 1801, "ta": 1777, "ca": 1684, "hu": 1678, "bg": 1636, "ur": 1613, "sr": 1509,
    "sw": 1488, "no": 1482, "mr": 1480, "te": 1455, "et": 1396, "sl": 1378, "my": 1367, "ml": 1347, "gu": 1340,
    "sk": 1336, "gl": 1305, "lt": 1290, "tl": 1279, "hr": 1261, "km": 1244, "eu": 1236, "lv": 1222, "kn": 1210,
    "is": 1200, "lo": 1197, "pa": 1182, "am": 1105, "ha": 1064, "af": 1063, "mn": 1058, "ka": 1047, "cy": 1018,
    "mk": 1013, "jv": 1013, "as": 1011, "kk": 1002, "si": 998, "su": 977, "be": 973, "hy": 964, "ga": 940, "yo": 935,
    "az": 926, "uz": 910, "sq": 905, "so": 865, "la": 852, "yi": 847, "xh": 825, "mt": 809, "bs": 801, "or": 788,
    "sd": 783, "ps": 777, "mg": 758, "sa": 732, "ky": 708, "eo": 696, "ig": 669, "sn": 662, "ln": 641, "ku": 625,
    "br": 620, "gd": 613, "ht": 612, "lb": 595, "zu": 593, "nn": 580, "fy": 539, "tg": 522, "aa": 513, "oc": 512,
    "wo": 489, "mi": 481, "lg": 470, "rw": 453, "ny": 448, "ba": 446, "ug": 446, "fo": 441, "bo": 426, "om": 422,
    "tt": 419, "bm": 397, "st": 383, "tn": 383, "tk": 379, "ak": 379, "nb": 377, "dv": 375, "rn": 335, "ts": 324,
    "tw": 294, "gn": 271, "ki": 264, "sm": 252, "ti": 238, "co": 234, "ab": 228, "ee": 218, "ss": 217, "ks": 186,
    "ff": 186, "fj": 181, "sg": 181, "kg": 180, "dz": 171, "qu": 171, "cv": 161, "av": 150, "ae": 150, "ch": 143,
    "bi": 142, "sc": 136, "li": 134, "an": 133, "ce": 132, "rm": 130, "ay": 119, "gv": 114, "os": 109, "mh": 107,
    "se": 106, "kv": 100, "ve": 99, "sh": 94, "wa": 94, "kj": 94, "lu": 92, "to": 89, "kw": 89, "nr": 88, "za": 84,
    "ho": 82, "kl": 81, "iu": 78, "nv": 77, "oj": 71, "kr": 59, "ia": 57, "io": 44, "cu": 36, "cr": 34, "vo": 32,
    "ty": 32, "na": 27, "hz": 26, "ie": 26, "nd": 26, "pi": 25, "ii": 23, "ik": 23, "ng": 22,
}
LANGUAGE_SIZES = {1: 0.85, 2: 0.10, 4: 0.04, 8: 0.01}  # powers of two, so that every set can be halved
THREE_LETTERS = {"en": "eng", "zh": "zho", "fr": "fra", "es": "spa", "de": "deu", "ja": "jpn", "ko": "kor"}
# The study's dataset table: the counts of the 499 most frequent datasets. The names are invented.
DATASET_COUNTS = (
    5143, 3518, 3271, 1862, 1768, 1563, 1501, 1333, 1331, 1309, 1259, 1259, 1198, 1131, 1048, 960, 908, 883, 830,
    817, 792, 788, 775, 767, 741, 731, 723, 700, 658, 644, 640, 629, 617, 613, 610, 597, 585, 584, 574, 571, 567,
    558, 552, 538, 527, 527, 520, 508, 498, 498, 485, 474, 469, 458, 453, 447, 440, 427, 426, 426, 422, 418, 407,
    406, 403, 400, 389, 387, 380, 380, 372, 370, 368, 368, 367, 366, 365, 363, 362, 361, 358, 353, 352, 350, 349,
    348, 340, 338, 334, 323, 322, 321, 318, 315, 314, 313, 312, 312, 312, 311, 310, 308, 304, 304, 297, 292, 291,
    291, 289, 287, 285, 284, 284, 284, 278, 277, 276, 268, 264, 263, 261, 261, 260, 259, 258, 258, 257, 251, 250,
    249, 245, 244, 243, 243, 238, 238, 237, 237, 235, 235, 233, 230, 230, 228, 228, 227, 226, 226, 225, 225, 225,
    223, 223, 223, 222, 222, 220, 219, 219, 218, 217, 216, 215, 215, 213, 213, 213, 212, 212, 211, 210, 210, 210,
    210, 210, 209, 208, 207, 206, 204, 203, 203, 198, 197, 195, 193, 193, 193, 192, 188, 187, 186, 185, 185, 183,
    183, 178, 178, 176, 176, 172, 170, 167, 165, 164, 163, 163, 160, 160, 159, 159, 157, 157, 157, 157, 156, 155,
    155, 154, 152, 152, 151, 149, 149, 149, 148, 147, 147, 147, 147, 146, 145, 145, 145, 145, 145, 144, 144, 144,
    143, 142, 142, 141, 141, 141, 140, 139, 138, 137, 136, 136, 135, 135, 134, 134, 133, 131, 130, 129, 128, 128,
    128, 127, 127, 126, 126, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125,
    125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125,
    124, 124, 123, 122, 122, 122, 122, 121, 120, 120, 119, 119, 119, 118, 118, 118, 117, 117, 117, 117, 117, 117,
    117, 117, 116, 116, 115, 114, 113, 113, 113, 113, 112, 112, 111, 111, 110, 109, 109, 108, 107, 105, 105, 104,
    104, 104, 104, 103, 102, 102, 102, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 100, 99, 99, 99, 98, 98, 98,
    98, 97, 96, 96, 96, 95, 95, 95, 95, 95, 95, 95, 95, 95, 95, 95, 95, 95, 95, 95, 95, 94, 94, 94, 93, 92, 92, 92,
    92, 92, 92, 92, 91, 91, 91, 91, 90, 90, 90, 90, 90, 89, 89, 89, 89, 89, 89, 88, 88, 88, 88, 88, 87, 87, 87, 87,
    87, 87, 87, 87, 87, 87, 87, 87, 87, 86, 86, 86, 86, 85, 84, 84, 84, 84, 83, 83, 83, 83, 83, 83, 82, 82, 82, 82,
    82, 82, 82, 82, 81, 80, 80, 80, 80, 80, 80, 80, 80, 80, 79, 79, 79, 79, 79, 79, 79, 79, 79, 78, 78, 77, 77, 77,
    76, 76, 76, 76, 76, 76, 76, 76, 76, 76, 76, 76, 75, 75,
)
# The words are the Hub's, the weights are invented.
TASK_WEIGHTS = {
    "text-generation": 40, "text-to-image": 12, "text-classification": 11, "reinforcement-learning": 8,
    "token-classification": 4, "automatic-speech-recognition": 4, "image-classification": 4, "fill-mask": 3,
    "feature-extraction": 3, "sentence-similarity": 3, "image-text-to-text": 3, "question-answering": 2,
    "text-to-speech": 2, "translation": 2, "object-detection": 1, "robotics": 1,
}
LIBRARY_WEIGHTS = {
    "transformers": 60, "diffusers": 12, "stable-baselines3": 6, "sentence-transformers": 5, "ml-agents": 4,
    "peft": 4, "timm": 3, "mlx": 3, "keras": 2, "setfit": 1,
}
# Invented, except endpoints_compatible and autotrain_compatible, which are from the study.
FLAG_SHARES = {
    "safetensors": 0.60, "endpoints_compatible": 0.0596, "text-generation-inference": 0.25, "pytorch": 0.30,
    "tensorboard": 0.15, "custom_code": 0.10, "autotrain_compatible": 0.2369, "gguf": 0.06,
}
# Free tags as authors write them: some look like ISO 639-3 codes, some are not ASCII. Their number is coprime to 5.
WORDS = (
    "conversational", "moe", "trl", "sft", "rag", "unsloth", "generated_from_trainer", "tts", "vae", "lora",
    "mergekit", "sam", "chat", "dpo", "llm", "tf", "t5", "größe", "日本語", "instruct", "roleplay", "ner",
)
PARAMETERS = {"0.5b": 494 * 10**6, "1.5B": 154 * 10**7, "3b": 31 * 10**8, "7B_v2": 76 * 10**8, "70B": 706 * 10**8}
# fmt: on
