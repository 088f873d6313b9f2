"""What the page of effects says, in English and Chinese."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from experiments.effects import by_assignment, claim
from experiments.playbooks.playbook_file import NO_ACTION as NONE
from pipelines.messages.numbers import count, counted, day, number

Both = tuple[str, str]

WORDS: Mapping[str, Both] = {
    "helps": ("helps", "有效"),
    "harms": ("harms", "有害"),
    "cannot tell": ("cannot tell", "尚无法判断"),
    "not yet": ("not yet", "尚未到期"),
    "no control": ("no control", "没有对照组"),
    "shown": ("shown only", "仅供参考"),
}
TONES = {"helps": "good", "harms": "bad"}
BY: Mapping[str, Both] = {
    "all": ("all customers", "全部客户"),
    "level": ("risk", "风险等级"),
    "segment": ("segment", "客群"),
    "playbook_row": ("playbook row", "策略规则"),
    "campaign": ("campaign", "活动"),
    "round": ("round", "批次"),
}
LEVELS: Mapping[str, str] = {"high": "高", "medium": "中", "low": "低"}
# Why there is no estimate, in Chinese; the English text is the key.
REASONS: Mapping[str, str] = {
    by_assignment.NOT_LOGGED: "没有记录分配概率",
    by_assignment.NOBODY_ASSIGNED: "没有客户被分配该行动",
    by_assignment.NO_CONTROL: "没有随机保留的对照客户",
    by_assignment.PENDING: "结果尚未揭晓",
    by_assignment.TOO_FEW: "预计流失（或留存）的客户不足 10 人，无法估计",
    by_assignment.NOT_AS_DRAWN: "实际分配与记录的概率不符",
}
LACKING: Mapping[str, str] = {
    claim.WITHHELD: "随机保留、不予联系的客户",
    claim.PROBABILITIES: "行动之前记录的每位客户的分配概率",
    claim.OUTCOMES: "同一时期对照客户的结果",
    claim.DRAWN: "与抽取结果一致的分配：抽取后无人被调整，概率不是事后补写",
    "more customers, or more rounds": "更多客户或更多批次",
}


def value(line: Mapping[str, Any]) -> Both:
    """What a line is about, as people say it: a date in words, and no "none"."""
    said = str(line["value"])
    if line["by"] == "round":
        on = date.fromisoformat(said)
        return day(said), f"{on.year}年{on.month}月{on.day}日"
    if said == NONE:
        return f"no {BY[line['by']][0]}", f"无{BY[line['by']][1]}"
    plain = said.replace("_", " ")
    return plain, LEVELS.get(said, plain) if line["by"] == "level" else plain


def named(line: Mapping[str, Any]) -> Both:
    """The customers of a line: by what they are grouped, and which group."""
    by, said = BY[line["by"]], value(line)
    if line["by"] == "all":
        return by
    if line["value"] == NONE:
        return said
    return f"{by[0]} {said[0]}", f"{by[1]} {said[1]}"


def sentence(line: Mapping[str, Any]) -> Both:
    """What a manager may conclude of an action, in a sentence."""
    name, counts, effect = line["action"], line["counts"], line["effect"]
    if effect is not None and line["word"] in ("helps", "harms", "cannot tell", "shown"):
        points = [100 * effect[one] for one in ("value", "low", "high")]
        stayed, without = (100 * line["stayed"][one] for one in ("assigned", "withheld"))
        en, zh = WORDS[line["word"]]
        known = f"of 100 customers assigned it {number(stayed, 1)} stayed, of 100 withheld {number(without, 1)}"
        known_zh = f"被分配的客户中每 100 人留存 {stayed:.1f} 人，保留对照中 {without:.1f} 人"
        more, least, most = (number(one, 1, signed=True) for one in points)
        likely = f"allowing for their risk that is {more} more in 100, and may be anything from {least} to {most}"
        likely_zh = f"按风险调整后每 100 人多留 {more} 人，可能在 {least} 到 {most} 之间"
        return f"{name}: {en}. So far {known}; {likely}.", f"{name}：{zh}。目前{known_zh}；{likely_zh}。"
    reason, missing = str(line["because"]), line["missing"]
    told = next((zh for en, zh in REASONS.items() if reason.startswith(en)), "")
    assigned, withheld = (count(counts[one]) for one in ("assigned", "withheld"))
    were = "was" if counts["assigned"] == 1 else "were"
    word, word_zh = WORDS[line["word"]]
    en = f"{name}: {word}. {counted(counts['assigned'], 'customer')} {were} assigned it, {withheld} withheld; {reason}."
    zh = f"{name}：{word_zh}。{assigned} 位客户被分配，{withheld} 位被保留；{told}。"
    if missing:
        en += f" What is missing: {'; '.join(missing)}."
        zh += f"缺少：{'；'.join(LACKING.get(one, one) for one in missing)}。"
    return en, zh


def detectable(line: Mapping[str, Any]) -> Both:
    """Which effect so many customers could have shown."""
    if line["detectable"] is None:
        return (
            "No number of customers without a control could have shown an effect.",
            "没有对照，再多客户也看不出效果。",
        )
    points = f"{100 * line['detectable']:.1f}"
    return (
        f"So many customers can show an effect of {points} in 100 or more; a smaller one would mostly go unseen.",
        f"这么多客户能看出每 100 人 {points} 人以上的效果；更小的效果多半看不出来。",
    )
