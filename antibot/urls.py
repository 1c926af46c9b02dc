"""Addresses of antibot."""

from django.urls import path

from antibot.views import appeals, captcha, objections, pay, sandbox, webhooks

app_name = "antibot"
urlpatterns = [
    path("captcha/<str:key>/image", captcha.image, name="captcha-image"),
    path("captcha/<str:key>/audio/<str:language>", captcha.audio, name="captcha-audio"),
    path("captcha/refresh", captcha.refresh, name="captcha-refresh"),
    path("proof", captcha.proof, name="proof"),
    path("pay/<uuid:public_id>/", pay.pay, name="pay"),
    path("pay/<uuid:public_id>/back/", pay.back, name="pay-back"),
    path("sandbox/<slug:reference>/", sandbox.hosted_page, name="sandbox"),
    path("webhook/<slug:gateway>/", webhooks.webhook, name="webhook"),
    path("appeal/", appeals.appeal, name="appeal"),
    path("objection/<str:token>/", objections.objection, name="objection"),
]
