"""The words by which files say what a team did, in English, German and Chinese: names of columns, and their values."""

ACTION = {"action", "aktion", "massnahme", "kampagne", "campaign", "offer", "angebot", "行动", "活动", "措施"}
CHANNEL = {"channel", "kanal", "art", "渠道", "方式"}
OUTCOME = {"outcome", "result", "response", "disposition", "ergebnis", "resultat", "reaktion", "结果", "反馈"}
BY = {"agent", "by", "employee", "caller", "wer", "mitarbeiter", "bearbeiter", "负责人", "客服"}
NOTE = {"note", "notes", "comment", "remark", "notiz", "bemerkung", "备注"}
NUMBER = {"contact", "call", "kontakt", "anruf", "nr", "number", "编号", "联系编号"}
# Names of files of what was done.
DONE = {"outreach", "campaign", "campaigns", "contacts", "anrufe", "kontakte", "kampagne", "kampagnen", "aktionen"}
DONE |= {"外呼", "联系记录", "活动"}
# Parts of names of columns and files of whom nobody may contact.
OUT: tuple[str, ...] = (
    "unsubscrib",
    "optout",
    "optedout",
    "donotcontact",
    "donotcall",
    "donotmail",
    "nocontact",
    "suppress",
)
OUT += ("widerspr", "werbesperre", "kontaktsperre", "abgemeldet", "abmeldung", "keinewerbung", "robinson")
OUT += ("退订", "勿扰", "免打扰", "拒绝联系")
OUT_WORDS = {"dnc", "sperre", "gesperrt"}

ACTIONS = {
    "call": {"phone", "phone call", "telephone", "anruf", "telefon", "telefonat", "电话", "外呼"},
    "coupon": {"voucher", "gutschein", "优惠券"},
    "email": {"e-mail", "mail", "邮件"},
    "letter": {"brief", "信件"},
    "sms": {"text message", "短信"},
}
OUTCOMES = {
    "reached": {"answered", "spoke", "connected", "erreicht", "接通", "已接通", "已联系"},
    "accepted": {"agreed", "angenommen", "zugesagt", "接受"},
    "declined": {"refused", "not interested", "abgelehnt", "kein interesse", "拒绝"},
    "opted_out": {"opted out", "opt out", "unsubscribed", "widerspruch", "abgemeldet", "退订"},
    "not_reached": {"not reached", "no answer", "voicemail", "nicht erreicht", "nicht da", "未接通", "无人接听"},
    "done": {"sent", "completed", "erledigt", "versendet", "gesendet", "完成", "已发送"},
    "not_done": {"not done", "cancelled", "skipped", "nicht erledigt", "entfallen", "未执行"},
}
# Outcomes that tell a contact by the team from a ticket; beside a column of actions others do as well, but no mere end.
OF_A_CALL = {"reached", "not_reached", "opted_out"}
OF_AN_OFFER = {*OF_A_CALL, "accepted", "declined"}
YES = {"yes", "y", "true", "1", "x", "ja", "j", "wahr", "是"}
NO = {"no", "n", "false", "0", "nein", "falsch", "-", "否"}
