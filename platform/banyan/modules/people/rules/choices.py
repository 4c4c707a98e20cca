"""What can be chosen in a record: values that are stored for ever, and what they are called.

Ethnicities are the two digits of GB/T 3304-1991, political status those of GB/T 4762-1984.
"""

from __future__ import annotations

from collections.abc import Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

GENDERS: Mapping[str, Text] = {"male": lazy("Male"), "female": lazy("Female")}
ETHNICITIES: Mapping[str, Text] = {
    "01": lazy("Han"),
    "02": lazy("Mongol"),
    "03": lazy("Hui"),
    "04": lazy("Tibetan"),
    "05": lazy("Uyghur"),
    "06": lazy("Miao"),
    "07": lazy("Yi"),
    "08": lazy("Zhuang"),
    "09": lazy("Bouyei"),
    "10": lazy("Korean"),
    "11": lazy("Manchu"),
    "12": lazy("Dong"),
    "13": lazy("Yao"),
    "14": lazy("Bai"),
    "15": lazy("Tujia"),
    "16": lazy("Hani"),
    "17": lazy("Kazakh"),
    "18": lazy("Dai"),
    "19": lazy("Li"),
    "20": lazy("Lisu"),
    "21": lazy("Va"),
    "22": lazy("She"),
    "23": lazy("Gaoshan"),
    "24": lazy("Lahu"),
    "25": lazy("Sui"),
    "26": lazy("Dongxiang"),
    "27": lazy("Naxi"),
    "28": lazy("Jingpo"),
    "29": lazy("Kirgiz"),
    "30": lazy("Tu"),
    "31": lazy("Daur"),
    "32": lazy("Mulao"),
    "33": lazy("Qiang"),
    "34": lazy("Blang"),
    "35": lazy("Salar"),
    "36": lazy("Maonan"),
    "37": lazy("Gelao"),
    "38": lazy("Xibe"),
    "39": lazy("Achang"),
    "40": lazy("Pumi"),
    "41": lazy("Tajik"),
    "42": lazy("Nu"),
    "43": lazy("Uzbek"),
    "44": lazy("Russian"),
    "45": lazy("Ewenki"),
    "46": lazy("Deang"),
    "47": lazy("Bonan"),
    "48": lazy("Yugur"),
    "49": lazy("Gin"),
    "50": lazy("Tatar"),
    "51": lazy("Derung"),
    "52": lazy("Oroqen"),
    "53": lazy("Hezhen"),
    "54": lazy("Monba"),
    "55": lazy("Lhoba"),
    "56": lazy("Jino"),
    "97": lazy("Other, not identified"),
    "98": lazy("Naturalised, of foreign descent"),
}
EDUCATION: Mapping[str, Text] = {
    "none": lazy("No schooling"),
    "primary": lazy("Primary school"),
    "junior": lazy("Junior middle school"),
    "senior": lazy("Senior middle school"),
    "vocational": lazy("Secondary vocational school"),
    "college": lazy("Junior college"),
    "bachelor": lazy("Bachelor's degree"),
    "master": lazy("Master's degree"),
    "doctor": lazy("Doctor's degree"),
}
POLITICAL_STATUS: Mapping[str, Text] = {
    "01": lazy("Member of the Communist Party of China"),
    "02": lazy("Probationary member of the Communist Party of China"),
    "03": lazy("Member of the Communist Youth League"),
    "04": lazy("Member of the Revolutionary Committee of the Kuomintang"),
    "05": lazy("Member of the China Democratic League"),
    "06": lazy("Member of the China National Democratic Construction Association"),
    "07": lazy("Member of the China Association for Promoting Democracy"),
    "08": lazy("Member of the Chinese Peasants' and Workers' Democratic Party"),
    "09": lazy("Member of the China Zhi Gong Party"),
    "10": lazy("Member of the Jiusan Society"),
    "11": lazy("Member of the Taiwan Democratic Self-Government League"),
    "12": lazy("Without party affiliation"),
    "13": lazy("Of the masses"),
}
STATUSES: Mapping[str, Text] = {
    "active": lazy("Member"),
    "left": lazy("Left"),
    "deceased": lazy("Deceased"),
    "merged": lazy("Put together with another record"),
}
STATUS_TONES: Mapping[str, str] = {"active": "ok"}
REVIEWS: Mapping[str, Text] = {
    "pending": lazy("To be reviewed"),
    "returned": lazy("Returned for correction"),
    "accepted": lazy("Accepted"),
}
REVIEW_TONES: Mapping[str, str] = {"accepted": "ok", "returned": "seal", "pending": "warn"}
# How people leave; the status that their record has afterwards.
LEAVINGS: Mapping[str, Text] = {
    "left": lazy("Left at own wish"),
    "age": lazy("Left for age"),
    "expelled": lazy("Expelled"),
    "struck_off": lazy("Struck off the roll"),
    "deceased": lazy("Died"),
    "mistaken": lazy("Entered by mistake"),
}
BEGINNINGS: Mapping[str, Text] = {
    "admission": lazy("Admission"),
    "import": lazy("Import"),
    "transfer": lazy("Transfer"),
    "merge": lazy("Merger of organisations"),
    "restored": lazy("Restored"),
}
CHANGES: Mapping[str, Text] = {**BEGINNINGS, **LEAVINGS, "merged": lazy("Put together with another record")}


def status_after(leaving: str) -> str:
    """What a record is once its member has left as ``leaving`` says."""
    return "deceased" if leaving == "deceased" else "left"
