//! What only machines write, and how machines title what they send. In a text that tells nothing
//! else one such phrase is enough; a report that quotes one tells something else.

use super::Line;
use crate::desk::classify::sense::Sense::Notice;

#[rustfmt::skip]
pub(super) const TABLE: &[Line] = &[
    // Ticket systems
    (Notice, "en", "reply above this line|your reply above this line|please type your reply above|do not write below this line|we got your request|confirming that we got your|acknowledge that we have received your|confirm that we have received your|request has been received and|ticket has been created for|ticket has been opened for|a ticket has been created|a new ticket has been|opened on your behalf|created on your behalf|logged on your behalf|your ticket id|your ticket number|your case number|your request number|your inquiry number|your reference number is|created an issue|assigned an issue to|updated an issue|commented on an issue|changed the status to|status has been changed|status changed from|view this request|view your request|view request|view ticket|turn off this requests notifications|this message was sent by atlassian|response to the creation of a trouble ticket|no need to reply to this message|keep it in the subject|in the subject line of all future|include the ticket number|submission is now in|your submission has been|your submission was|thank you for your submission|was closed automatically|has been marked as solved|has been marked as resolved|has been automatically closed|will be closed automatically|as we have not heard back|a member of our team will|member of our support team|member of our staff will|support representative will|support staff|customer service team will|you will be notified of any|rate our support|rate our service|how would you rate"),
    (Notice, "en", "this mailbox is no longer|this inbox is no longer|this mailbox is not monitored|this inbox is not monitored|this email address is not monitored|this address is not monitored|address is no longer in use|mailbox is unattended|sent from an unmonitored|sent from a notification only|notification only address|send only address|this is an automated message|this is an automated email|this is an automatic message|this is an automatic email|this is an automatic answer|this is an automatic reply|this is an auto generated|this is a system generated|system generated message|system generated email|this message was automatically generated|this message has been automatically generated|this email was automatically generated|this message was generated automatically|this message was created automatically|this email was sent automatically|automatically generated message|automatically generated email|please do not reply to this|do not reply to this email|do not reply to this message"),
    // Lists, forms, challenges
    (Notice, "en", "send submissions to|mailing list submissions to|todays topics|digest vol|mailing list subscription confirmation|request for subscription of your|confirm your subscription|subscription has been confirmed|you have been subscribed|you have been unsubscribed|is being held until|being held until the list moderator|awaits moderator approval|awaiting moderator approval|post by non member|post to a moderated|non members are not allowed|not allowed to post to|you are receiving this because|you are receiving this email because|you received this email because|reply to this email directly or view|view it on github|unsubscribe from this thread|manage your notification|update your notification|view in slack|turn off notifications|read online|view online|view in your browser|view this email in|unsubscribe from this list|update your preferences|thanks for filling out|copy of your responses|your response has been recorded|your form submission|was waitlisted|has been waitlisted|guest list so|add yourself to my|protecting myself from receiving|protect myself from spam|protects my inbox|click the link so i can|so i can receive your email|sender verification|verify that you are human|verify that you are a person|prove that you are human|prove you are human|has not been verified|confirm that you sent|release your message for delivery|release your message|deliver your message to my inbox|your message will be delivered once"),
    (Notice, "en", "this is the mlmmj program|mlmmj program managing|this is the ezmlm program|ezmlm program i m managing|im managing the|you are not a list subscriber|subscribe and release your|end of message stopping processing|bug tracking system administrator|processing commands for control|this is an automated notification from|this is automated email|this is automated mail|this is automated message"),
    // Receipts
    (Notice, "en", "was read on|was displayed on|was displayed on the|has been read on|was opened on|was deleted without being read|deleted without being read|this is a return receipt|this is a read receipt|return receipt for the mail|this receipt only acknowledges|no guarantee that the message has been read"),
    // Builds and monitors
    (Notice, "en", "view the full build log|full build log|build is still failing|your pipeline has|pipeline has failed|has failed for main|view all dependabot alerts|dependabot alerts|notification type problem|notification type recovery|alert instance firing|alerts firing|alert instances firing|monitor is down|monitor is currently down|is currently down|is back up|will alert you when|has recovered|end of logwatch|processing initiated|your certificate or certificates|will expire in|expires in|make sure to renew|renew your certificate|renew it before|backup completed|backup job|job completed|job succeeded|completed with errors|quota report|disk usage report|usage report|scheduled maintenance|maintenance window|new sign in to your|new device signed in|your verification code|your security code|one time password is|confirm your email address|activate your account|is now available in your account|statement is now available|your invoice is|your order has|has been shipped|your receipt from|receipt for your payment|payment receipt"),
    (Notice, "en", "account is not in use|account is no longer in use|address is not in use|mailbox is closed|mailbox has been closed|account has been closed|click to confirm|confirm you are human|your mail waits|mail was opened by|message was opened by|mail was displayed|message was displayed|we opened case|opened case|code is valid for|is your code|is your verification|before i can see your mail|before your message can|before your mail can|before your mail is|last triggered at|has just been banned|waiting for your approval|awaiting verification|list of approved senders|approved senders|approved list|approve your address|accept mail only from|accept messages only from|allow incoming messages only from|incoming messages only from|challenge system|challenge response|be let through|join zoom meeting|join the meeting|meeting id|meeting link|this event has been canceled|this event has been cancelled|this event has been updated|has accepted this invitation|has declined this invitation|has accepted your invitation|is inviting you to a scheduled|invites you to participate|wants to connect|join your professional network|the following issue has been|task detail|was filed from your email|we are investigating|we are currently investigating|has been resolved|your message was read|cannot receive mail|cannot receive replies|can not receive mail|not able to receive replies|opt out of|you can unsubscribe|to unsubscribe from this|the following reason was given|member of the team|because you are a member|because you have an account|because you signed up|because you registered|because you opted|generated by the|mail message from|packages that were upgraded|build id|build number|workflow run|view it on the forge|details below|pr contains the following updates|will let you know once it ships|order number|transaction id|cannot answer all of them|unable to answer every|unable to respond to every|unable to respond personally|due to the high volume|because of the volume of"),
    (Notice, "de", "ihre nachricht wurde am|ihre e mail wurde am|postfach wird nicht mehr|adresse wird nicht mehr|konto ist nicht mehr|bitte oberhalb dieser zeile antworten|oberhalb dieser zeile|unter der ticketnummer|ticketnummer lautet|ihre ticketnummer|ihre vorgangsnummer|bei ruckfragen immer an|bei ruckfragen stets an|ihre anfrage wurde erfasst|wurde unter der nummer|unter folgender nummer|dies ist eine automatische|dies ist eine automatisch|diese nachricht wurde automatisch|diese e mail wurde automatisch|diese mail wurde automatisch|dieses postfach wird nicht|diese adresse wird nicht|bitte antworten sie nicht auf diese|wurde gelesen am|wurde ungelesen geloscht|ohne gelesen zu werden|lesebestatigung|empfangsbestatigung|sie erhalten diese e mail weil|newsletter abbestellen|vom newsletter abmelden|online ansehen|im browser ansehen|lauft in wenigen tagen ab|build fehlgeschlagen"),
    (Notice, "fr", "repondre au dessus de cette ligne|votre demande a bien ete|enregistree sous le numero|enregistre sous le numero|a ete enregistree sous|ce message est automatique|ceci est un message automatique|message genere automatiquement|message envoye automatiquement|cette boite nest pas|cette adresse nest pas|merci de ne pas repondre a ce|a ete lu le|supprime sans avoir ete lu|supprime sans etre lu|accuse de lecture|vous recevez cet e mail|vous recevez ce message car|se desinscrire|se desabonner|voir dans le navigateur|version en ligne"),
    (Notice, "es", "responda por encima de esta linea|su solicitud ha sido registrada|se ha registrado con el numero|registrada con el numero|registrado con el numero|este es un mensaje automatico|este mensaje se ha generado|mensaje generado automaticamente|este buzon no|esta direccion no|no responda a este|fue leido el|ha sido leido|se elimino sin leer|eliminado sin leer|confirmacion de lectura|recibe este correo porque|darse de baja|cancelar la suscripcion|ver en el navegador"),
    (Notice, "pt", "responda acima desta linha|seu chamado foi|sua solicitacao foi registrada|registrado com o numero|registrada com o numero|registado com o numero|esta e uma mensagem automatica|mensagem gerada automaticamente|esta caixa de correio nao|nao responda a este|nao responda este|foi lida em|foi excluida sem ser lida|confirmacao de leitura|voce esta recebendo este|cancelar inscricao|cancelar a subscricao|ver no navegador"),
    (Notice, "it", "rispondere sopra questa riga|e stata registrata con il numero|registrata con il numero|registrato con il numero|messaggio generato automaticamente|questo e un messaggio automatico|questa casella non|non rispondere a questa|non rispondere a questo|e stato letto|e stato eliminato senza|conferma di lettura|ricevi questa email perche|annulla iscrizione|annulla l iscrizione|visualizza nel browser"),
    (Notice, "nl", "reageer boven deze regel|is geregistreerd onder nummer|geregistreerd onder nummer|uw melding is geregistreerd|dit is een automatisch|deze mailbox wordt niet|dit postvak wordt niet|niet op dit bericht|is gelezen op|is verwijderd zonder|leesbevestiging|u ontvangt deze e mail omdat|uitschrijven|afmelden voor|bekijk in browser|bekijk online"),
    (Notice, "pl", "zostalo zarejestrowane pod numerem|zarejestrowane pod numerem|zarejestrowana pod numerem|wiadomosc wygenerowana automatycznie|wiadomosc zostala wygenerowana|prosimy nie odpowiadac|prosze nie odpowiadac na te|ta skrzynka nie|zostala odczytana|zostala przeczytana|usunieta bez odczytania|potwierdzenie odczytu|otrzymujesz te wiadomosc|wypisz sie|zrezygnuj z subskrypcji"),
    (Notice, "cs", "byl zaregistrovan pod cislem|zaregistrovan pod cislem|tato zprava byla vygenerovana|na tuto zpravu neodpovidejte|byla prectena|odstranena bez precteni|odhlasit odber|pod cislem"),
    (Notice, "sv", "har registrerats med nummer|ar registrerat med nummer|er registreret med nummer|er registrert med nummer|detta ar ett automatiskt|dette er en automatisk|svara inte pa detta|svar ikke pa denne|den har adressen|lastes den|blev laest|ble lest|avregistrera dig|afmeld nyhedsbrev|avslutt abonnement"),
    (Notice, "fi", "tama on automaattinen|tama viesti on luotu|ala vastaa tahan|alkaa vastatko tahan|on rekisteroity numerolla|luettiin|poistettiin lukematta|peruuta tilaus"),
    (Notice, "hu", "ez egy automatikus|automatikusan generalt|ne valaszoljon|kerjuk ne valaszoljon|regisztralasra kerult|nyilvantartasba vettuk|leiratkozas"),
    (Notice, "ro", "acesta este un mesaj automat|mesaj generat automat|va rugam sa nu raspundeti|nu raspundeti la acest|a fost inregistrata cu numarul|a fost inregistrat cu numarul|dezabonare"),
    (Notice, "tr", "bu otomatik bir|otomatik olarak gonderilmistir|otomatik olarak olusturul*|numara ile kaydedil*|numarasi ile kaydedil*|bu e postaya yanit|lutfen yanitlamayin|lutfen cevaplamayin|okundu bilgisi|aboneligi iptal|abonelikten cik*"),
    (Notice, "id", "ini adalah pesan otomatis|email ini dikirim secara otomatis|jangan membalas email|telah terdaftar dengan nomor|dicatat dengan nomor|berhenti berlangganan"),
    (Notice, "vi", "day la thu tu dong|email nay duoc gui tu dong|khong tra loi email nay|da duoc ghi nhan voi|huy dang ky"),
    (Notice, "el", "αυτο ειναι ενα αυτοματο|αυτοματο μηνυμα|μην απαντησετε|μην απαντατε|καταχωρηθηκε με αριθμο|το αιτημα σας καταχωρηθηκε|διαγραφη απο τη λιστα"),
    (Notice, "ru", "зарегистрировано под номером|зарегистрирована под номером|зарегистрирован под номером|это письмо сформировано автоматически|письмо отправлено автоматически|это автоматическое|не отвечайте на это|этот ящик не|было прочитано|удалено непрочитанным|удалено без прочтения|уведомление о прочтении|вы получили это письмо потому|отписаться от"),
    (Notice, "uk", "зареєстровано під номером|зареєстрована під номером|цей лист сформовано автоматично|це автоматичне|не відповідайте на цей|було прочитано|відписатися"),
    (Notice, "bg", "това е автоматично|автоматично съобщение|моля не отговаряйте|регистрирана под номер|отписване"),
    (Notice, "ja", "このメールは自動|本メールは自動|自動で送信|送信専用|このメールに返信|本メールに返信|受け付けました受付番号|お問い合わせ番号|チケット番号|開封されました|開封確認|配信停止|購読解除|ブラウザで表示"),
    (Notice, "zh", "此邮件由系统|此郵件由系統|本邮件由系统|系统自动发送|系統自動發送|请勿直接回复|請勿直接回覆|请勿回复本|请勿回复此|工单号|工單編號|您的工单|已读回执|已被阅读|退订|取消订阅"),
    (Notice, "ko", "본 메일은 발신|본 메일은 자동|이 메일은 자동|발신 전용|발신전용|회신하지 마|접수번호|접수 번호|읽음 확인|수신거부|수신 거부|구독 취소"),
    (Notice, "ar", "هذه رسالة تلقائية|هذه رسالة آلية|يرجى عدم الرد|الرجاء عدم الرد|تم تسجيل طلبك برقم|رقم طلبك|إلغاء الاشتراك"),
    (Notice, "he", "זוהי הודעה אוטומטית|הודעה זו נשלחה אוטומטית|אין להשיב להודעה|נא לא להשיב להודעה|נפתחה קריאה מספר|הסרה מרשימת"),
    (Notice, "fa", "این پیام به صورت خودکار|این ایمیل خودکار|لطفا به این ایمیل پاسخ ندهید|با شماره ثبت شد|لغو اشتراک"),
    (Notice, "hi", "यह एक स्वचालित|इस ईमेल का उत्तर न दें|कृपया उत्तर न दें"),
    // Who lets nobody in unknown, and who was named somewhere
    (Notice, "en", "to stop junk|to stop spam|stops spam|keep spam out|keeps spam out|waiting room|that you are real|you are a real person|youre a real person|that you are human|that youre human|you are not a robot|youre not a robot|unverified mail|unverified senders|only have to do this once|only need to do this once|have to do this only once|first time senders|not on my list of|not in my address book|not in my contacts|my allow list|my whitelist|my safe list|solve this puzzle|you were mentioned|you are subscribed to|your conversation with|enabled for your|you asked us to|you requested this|you receive this report|you receive this mail because|you receive this message because|you got this mail because|you are getting this"),
    (Notice, "de", "in meinem wartebereich|ein klick genugt|sie noch nicht kenne|dann wird sie zugestellt|erst nach ihrer bestatigung|wie zufrieden waren|bewerten sie uns|dass sie ein mensch|dass du ein mensch|kein roboter|absender bestatigen|absenderprufung|spamschutz|noch nicht freigeschaltet|sie wurden erwahnt|sie erhalten diese nachricht|sie erhalten diese mail|sie erhalten diesen"),
    (Notice, "fr", "que vous etes humain|que vous etes un humain|pas un robot|expediteur inconnu|filtre antispam|vous recevez ce|vous recevez cette"),
    (Notice, "es", "que es usted una persona|que eres humano|no es un robot|no eres un robot|remitente desconocido|remitentes conocidos|filtro antispam|recibe este mensaje|recibes este mensaje"),
    (Notice, "pt", "que voce e humano|nao e um robo|remetente desconhecido|filtro antispam|voce recebeu este|voce esta recebendo esta"),
    (Notice, "it", "che sei una persona|di essere umano|non sei un robot|non e un robot|mittente sconosciuto|filtro antispam|ricevi questo|riceve questa"),
    (Notice, "nl", "dat u een mens|dat je een mens|geen robot bent|onbekende afzender|spamfilter houdt|u ontvangt dit|je ontvangt dit"),
    (Notice, "pl", "ze jestes czlowiekiem|nie jestes robotem|nieznany nadawca|otrzymujesz ten"),
    (Notice, "ru", "что вы человек|что вы не робот|неизвестный отправитель|вы получили это|вы получаете это"),
    (Notice, "ja", "ロボットではない|人間であること|送信者確認|差出人の確認|ご登録いただいている"),
    (Notice, "zh", "您不是机器人|证明您是|发件人验证|您收到此邮件|您收到这封邮件"),
    (Notice, "ko", "로봇이 아님|사람임을 확인|발신자 확인|이 메일을 받으셨"),
    (Notice, "th", "อีเมลนี้ส่งโดยอัตโนมัติ|ข้อความนี้ส่งโดยอัตโนมัติ|กรุณาอย่าตอบกลับอีเมล|โปรดอย่าตอบกลับอีเมล|ยกเลิกการสมัคร"),
];

/// How subjects begin that only machines write, in lower case.
#[rustfmt::skip]
pub(in super::super) const TITLES: &[&str] = &[
    // Cron, log watchers, monitors
    "cron <", "cron job", "logwatch for ", "[logwatch]", "** problem", "** recovery", "** acknowledgement",
    "** flapping", "problem service", "problem host", "recovery service", "recovery host", "[firing",
    "[resolved]", "[alerting]", "[no data]", "problem: ", "resolved: ", "monitor is down", "monitor is up",
    "fail2ban", "[fail2ban]", "smart error", "[nagios]", "[zabbix]", "[prometheus]", "[pagerduty]",
    // Builds and forges
    "build failed in jenkins", "jenkins build", "still failing:", "[jenkins]", "[ci]", "[travis", "[circleci]",
    "run failed:", "pipeline #", "deployment failed", "deploy failed", "[dependabot]", "[snyk]",
    // Trackers and ticket systems
    "[jira]", "(jira)", "[request received]", "[request updated]", "[ticket#", "[ticket #", "ticket received -",
    "ticket received:", "ticket created:", "ticket created -", "ticket created #", "ticket created (",
    "ticket closed:", "ticket closed -", "ticket closed #", "ticket resolved:", "ticket resolved -",
    "ticket resolved #", "processed: ", "processed (with", "incident inc", "request req",
    "[redmine", "[trac]", "[bugzilla]", "[launchpad", "[service desk]", "[servicedesk]", "[support #",
    "we received your request", "we have received your request", "we received your message",
    "loop alert", "complaint about message from", "abuse complaint about", "[triggered", "[recovered", "[success]", "problem - ", "recovery - ", "[status]", "[build failed]", "[build succeeded]", "aide report",
    "degradedarray event", "rebuildfinished event", "canceled event", "cancelled event", "canceled: ",
    "updated invitation", "accepted: ", "declined: ", "tentative: ", "zugesagt: ", "abgesagt: ",
    "angenommen: ", "refusé : ", "accepté : ", "aceptado: ", "verification required", "bounce action",
    "message distribution", "[maniphest]", "[differential]", "thank you for your application",
    "thank you for your order", "order confirmation", "your order ", "your receipt",
    "message pending moderation", "automatically rejected", "[auto-reply]", "[autoreply]",
    "[automatic reply]", "【自動返信】", "【自動応答】", "[自动回复]", "[자동응답]",
    // Receipts
    "not read:", "gelesen:", "ungelesen:", "nicht gelesen:", "lu :", "lu:", "non lu :", "leído:", "no leído:",
    "gelezen:", "niet gelezen:", "letto:", "lettura:", "lida:", "lido:", "przeczytano:", "läst:", "læst:",
    "lest:", "прочитано:", "開封済み:", "开封:", "已读:", "已讀:", "읽음:", "read receipt", "return receipt",
    // Aggregates, certificates, accounts
    "report domain:", "certificate expiration notice", "ssl certificate expir", "domain renewal",
    "your domain ", "new sign-in", "new login", "sign-in attempt", "verify your email",
    "confirm your email", "please confirm your email", "please confirm your subscription",
    "please confirm your message", "message awaiting", "your message to ", "post rejected",
    "thanks for filling out", "new form submission", "form submission",
];

/// What stands somewhere in subjects that only machines write, in lower case.
pub(in super::super) const TITLES_WITHIN: &[&str] = &[
    "] bump ",
    "(pr #",
    "(issue #",
    "(merge request",
    "chore(deps)",
    "security alert:",
    "is inviting you to",
    "invites you to participate",
    "wants to connect",
    "unattended-upgrades result",
    " is critical **",
    " is down!",
    "-- reply above",
    "[ ref:",
    "(action required)",
    "[confirm]",
    "is your code",
    "is your verification code",
    "weekly vulnerability report",
    "security alert digest",
    "] digest number ",
];
