//! What sellers, phishers and extortionists write. One entry alone never makes junk: a report may
//! well be about prices or about a phishing page.

use super::Line;
use crate::desk::classify::sense::Sense::{Extortion, Lure, Pitch, Sales};

#[rustfmt::skip]
pub(super) const TABLE: &[Line] = &[
    (Pitch, "en", "our prices|prices start|let me know your interest|we can offer you|we specialize in|we specialise in|we help companies|we help businesses|i can help you rank|reply now|for a quote|reply for a quote|share pricing|share the pricing|conference attendees|verified contacts|we sell|we offer|we provide|we are offering|our company offers|our team can help|special offer|limited offer|price list|free trial|free demo|free consultation|book a demo|schedule a demo|quick demo|15 minute call|are you interested|would you be interested|grow your business|boost your|increase your sales|increase your traffic|improve your ranking|rank higher|first page of google|search engine optimi*|backlink*|guest post*|sponsored post|link building|website redesign|lead generation|qualified leads|email list of|attendee list|next of kin|million dollars|million usd|million euro*|you have won|business proposal|investment opportunity|donation to you|buy now|order now|act now|save up to|we are a leading|leading manufacturer|factory price|pen testing services|pentest services|penetration testing services|viagra|casino|dear beloved"),
    (Sales, "en", "our services|our product*|our solution*|our platform|attendees|contacts|pricing|quote|cheaper|price|prices|costs|clients worldwide|certified experts|half price|discount*|limited time|best price*|cheap*|low price*|prices start|quick call|15 minutes|short call|interested|increase your|grow your|seo|web design|mobile app development|outsourc*|email list|mailing list of|contact list|database of|marketing campaign|digital marketing|return on investment|roi|reduce your costs|subscribe now|webinar|newsletter|pharmacy|loan|loans|credit score|business opportunity|inheritance|lottery|you won|prize|compensation fund|consignment|beneficiary|diplomat|barrister|crypto investment|forex|dear friend|wholesale|manufacturer|supplier of|leading provider|iso certif*|certified pentester*|scanner*|this month|per month|offer ends|quote for|competitive rate*|affordable*"),
    (Pitch, "de", "wir bieten|wir verkaufen|unser angebot|sonderangebot|kostenlose beratung|jetzt bestellen|jetzt kaufen|haben sie interesse|unsere produkte|unsere dienstleistungen|unsere losung*|suchmaschinenoptimierung"),
    (Sales, "de", "rabatt*|zum halben preis|halber preis|gunstig*|kostenlos testen|interesse|gewinnspiel|erbschaft|kredit|darlehen|preis|preise|diesen monat|newsletter"),
    (Pitch, "fr", "nous offrons|nous proposons|nous vendons|offre speciale|offre limitee|essai gratuit|nos services|nos produits|notre solution|referencement naturel"),
    (Sales, "fr", "remise*|moitie prix|promotion*|prix|tarif*|referencement|interesse*|heritage|pret|achetez|commandez|ce mois"),
    (Pitch, "es", "ofrecemos|vendemos|nuestra oferta|prueba gratis|nuestros servicios|nuestros productos|nuestra solucion|posicionamiento web"),
    (Sales, "es", "oferta*|descuento*|mitad de precio|precio*|interesad*|le interesa|herencia|prestamo*|compre|este mes"),
    (Pitch, "pt", "oferecemos|vendemos|nossa oferta|teste gratis|nossos servicos|nossos produtos|nossa solucao"),
    (Sales, "pt", "oferta*|desconto*|metade do preco|preco*|interessad*|tem interesse|heranca|emprestimo*|compre|este mes"),
    (Pitch, "it", "offriamo|vendiamo|la nostra offerta|prova gratuita|i nostri servizi|i nostri prodotti|la nostra soluzione"),
    (Sales, "it", "offerta*|sconto*|meta prezzo|prezz*|interessat*|eredita|prestito|acquista|questo mese"),
    (Pitch, "nl", "wij bieden|wij verkopen|gratis proef*|onze diensten|onze producten|onze oplossing*"),
    (Sales, "nl", "aanbieding*|korting*|halve prijs|prijs|prijzen|interesse|geinteresseerd|erfenis|lening|deze maand"),
    (Pitch, "pl", "oferujemy|sprzedajemy|nasza oferta|nasze uslugi|nasze produkty"),
    (Sales, "pl", "ofert*|rabat*|znizk*|promocj*|cen*|bezplatn*|zainteresowan*|pozyczk*|kup teraz"),
    (Pitch, "ru", "предлагаем|продаем|наша компания|наши услуги|продвижение сайт*|раскрутка сайт*|закажите"),
    (Sales, "ru", "скидк*|акция|выгодн*|цен*|прайс*|бесплатн*|раскрутка|заинтересов*|кредит*|купить|в этом месяце"),
    (Pitch, "tr", "sunuyoruz|satiyoruz|hizmetlerimiz|urunlerimiz"),
    (Sales, "tr", "indirim*|kampanya*|fiyat*|ucretsiz|ilgilenir*|kredi|satin al*"),
    (Pitch, "ja", "ご提案|弊社サービス|弊社製品|特別価格|無料体験|無料相談"),
    (Sales, "ja", "半額|割引|キャンペーン|お見積|ご興味|格安|販売"),
    (Pitch, "zh", "我公司|我司|本公司|代开|免费试用|诚邀"),
    (Sales, "zh", "优惠|優惠|折扣|半价|半價|特价|促销|促銷|报价|報價|发票|發票|推广|推廣|诚信|合作|感兴趣|出售|销售"),
    (Pitch, "ko", "당사 제품|저희 제품|저희 서비스|무료 체험|무료체험|광고"),
    (Sales, "ko", "할인|특가|반값|이벤트|견적|관심 있으시면|관심이 있|판매|최저가"),
    (Pitch, "ar", "عرض خاص|خدماتنا|منتجاتنا|نقدم لكم"),
    (Sales, "ar", "خصم|تخفيض|نصف السعر|السعر|أسعار|مهتم"),

    (Lure, "en", "verify your account|verify your identity|verify your password|confirm your account|confirm your password|confirm your identity|update your account|update your password|update your payment|update your billing|validate your account|keep my password|keep your password|keep same password|keep current password|keep using the same password|password expires|password will expire|password has expired|password expiry|password is about to expire|your password|account will be|account has been suspended|account suspended|account is suspended|account will be closed|account will be deactivated|account locked|mailbox is full|mailbox is almost full|mailbox quota|storage is full|storage limit|quota limit|upgrade your mailbox|increase your quota|unusual sign in|unusual activity|suspicious activity on your|sign in to continue|log in to avoid|click here to|click below to|within 24 hours|failure to|will be deleted|will be terminated|undelivered messages|pending messages|held messages|release your messages|release messages|incoming messages|it support|it helpdesk|help desk|helpdesk|webmail|mail admin*|email administrator|voicemail|voice message|fax|docusign|shared a document with you|invoice|overdue|payment|payments|remittance|purchase order|bank details|wire transfer|swift copy|gift card*|payroll|shipping document*|your parcel|your package|delivery fee|tax refund|refund|are you available|are you at your desk|quick favour|quick favor|urgent task"),
    (Lure, "de", "ihr passwort|ihr kennwort|passwort lauft ab|kennwort lauft ab|ihr konto|konto bestatigen|konto gesperrt|wird gesperrt|postfach ist voll|speicherplatz|rechnung|mahnung|zahlung|uberweisung|paket|hier klicken|klicken sie"),
    (Lure, "fr", "votre mot de passe|votre compte|compte suspendu|boite est pleine|cliquez ici|facture|paiement|virement|colis"),
    (Lure, "es", "su contrasena|su cuenta|cuenta suspendida|cuenta sera|buzon esta lleno|haga clic|pulse aqui|factura|pago|transferencia|paquete"),
    (Lure, "pt", "sua senha|sua conta|conta sera|conta suspensa|caixa esta cheia|clique aqui|fatura|boleto|pagamento|transferencia|encomenda"),
    (Lure, "it", "la sua password|il suo account|account sospeso|conto sospeso|casella piena|clicca qui|fattura|pagamento|bonifico|pacco"),
    (Lure, "nl", "uw wachtwoord|uw account|account geblokkeerd|mailbox is vol|klik hier|factuur|betaling|pakket"),
    (Lure, "ru", "ваш пароль|ваш аккаунт|ваша учетная запись|почтовый ящик переполнен|нажмите здесь|перейдите по ссылке|счет на оплату|оплат*|посылк*"),
    (Lure, "ja", "パスワードの有効期限|アカウントが停止|アカウントの確認|アカウントを確認|本人確認|請求書|お支払い|お支払|ここをクリック"),
    (Lure, "zh", "密码过期|密码即将|账户被|帐户被|账号异常|邮箱已满|邮箱容量|点击此处|發票|付款|汇款"),
    (Lure, "ko", "비밀번호 만료|계정이 정지|계정 확인|메일함이 가득|여기를 클릭|청구서|결제"),

    (Extortion, "en", "bitcoin*|btc|wallet|i recorded you|recorded you|your webcam|your camera|adult site*|porn*|masturbat*|i hacked your|i have hacked|hacked your|hacked you|your contacts|send the money|send me the money|pay me|pay us|transfer the amount|48 hours to pay|we will publish|we will release|will be published|your data will be|stolen your data|we have your data|ransom*|ddos attack on your|we will attack|we will ddos|silence|delete the video|destroy the video"),
    (Extortion, "de", "ihre webcam|aufgezeichnet|losegeld|zahlen sie*|bitcoins uberweisen"),
    (Extortion, "fr", "votre webcam|rancon|jai pirate|envoyez l argent"),
    (Extortion, "es", "su camara|tu camara|rescate|hackeado|envie el dinero"),
    (Extortion, "pt", "sua camera|resgate|invadi seu"),
    (Extortion, "ru", "вашу камеру|вашей камеры|выкуп|взломал*|биткоин*"),
    (Extortion, "ja", "ビットコイン|ウェブカメラ|身代金"),
    (Extortion, "zh", "比特币|摄像头|赎金"),
    (Extortion, "ko", "비트코인|웹캠|몸값"),
];
